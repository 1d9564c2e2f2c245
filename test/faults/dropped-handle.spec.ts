import type { AgentOptions } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';

const TTL_MS = 2_500;
const owned = ownedByEachTest();

it('a handle dropped without release is reported, is no longer renewed, and its lock ends at its lease and not before', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const options: AgentOptions = { module: { connection: redis.url, ttl: TTL_MS }, resource: redis.url };
  const holder = owned.add(await ChildProgram.start('lock-agent', options));
  await holder.ask('acquire', 'kept', 'kept', { label: 'still in use' });
  await holder.ask('acquire', 'dropped', 'stock', { label: 'nightly import' });
  await holder.ask('acquire', 'released', 'done', { label: 'well done' });
  await holder.ask('release', 'released');

  await holder.ask('drop', 'dropped');
  await holder.ask('drop', 'released');
  await until('it is reported', 10_000, async () => {
    await holder.ask('collectGarbage');
    return holder.output.includes('dropped');
  });
  const reports = holder.output.split('\n').filter((line) => line.includes('dropped'));
  expect(reports).toHaveLength(1);
  expect(reports[0]).toContain('WARN');
  expect(reports[0]).toContain("'stock'");
  expect(reports[0]).toContain('nightly import');

  // On the holder's connection behind whatever renewal was under way.
  await holder.ask('forceRelease', 'nothing');
  const saysLeft = Number(/ends in (\d+) ms/.exec(reports[0] ?? '')?.[1]);
  const left = await observer.pttl('lock:stock');
  const seen = performance.now();
  // From now on the server's own count runs down without a break, to the end.
  let last = left;
  await until('the lock ends', TTL_MS + 500, async () => {
    const now = await observer.pttl('lock:stock');
    expect(now).toBeLessThanOrEqual(last);
    last = now;
    return now < 0;
  });
  const lasted = performance.now() - seen;
  expect(left).toBeGreaterThan(0);
  expect(lasted).toBeGreaterThan(left - 50);
  expect(saysLeft).toBeLessThanOrEqual(TTL_MS);

  // The other hold of the same process is renewed all the while.
  expect(await holder.ask('isHeld', 'kept')).toBe(true);
  expect(await holder.ask('release', 'kept')).toBe('released');
  expect(holder.output).not.toContain('still in use');
  expect(holder.output).not.toContain('well done');
});
