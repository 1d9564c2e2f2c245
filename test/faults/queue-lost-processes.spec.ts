import type { AgentOptions } from './children/lock-agent.js';
import type { QueueAgentOptions } from './children/queue-agent.js';
import { ChildProgram } from './support/child-program.js';
import { GivenTime } from './support/given-time.js';
import { callersInLine, processesInLine, processesListening } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';
import { watchGrants } from './support/watched-grants.js';

/** A lock that is handed over is lent for at most this long until the next process is heard of. */
const GRACE_MS = 2_000;
/** Nobody waits longer than that for what no message told. */
const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const owned = ownedByEachTest();

async function start() {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const { service: holder } = owned.add(await Locks.open(redis.url));
  const { service: next } = owned.add(await Locks.open(redis.url));
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  const options = { module: { connection: redis.url }, resource: redis.url } satisfies AgentOptions & QueueAgentOptions;
  const startChild = async (program: 'lock-agent' | 'queue-agent'): Promise<ChildProgram> =>
    owned.add(await ChildProgram.start(program, options));
  return { redis, observer, holder, next, time, startChild };
}

/** What becomes of a request to a process that is killed is of no interest. */
function abandon(request: Promise<unknown>): void {
  request.catch(() => undefined);
}

it('a killed waiter is skipped at once', async () => {
  const { observer, holder, next, time, startChild } = await start();
  const child = await startChild('lock-agent');
  const held = await holder.acquire('stock');
  abandon(child.ask('acquire', 'theirs', 'stock', { wait: '1m' }));
  await processesInLine(holder, 'stock', 1);
  const acquiring = next.acquire('stock', { wait: '20s' });
  await processesInLine(holder, 'stock', 2);

  await child.stop();
  await processesListening(observer, 2);
  const since = time.now();
  await held.release();
  const lock = await acquiring;
  expect(time.now() - since).toBeLessThan(GRACE_MS / 4);
  expect(await lock.release()).toBe('released');
});

it.each([
  ['a short lease', 1_000],
  ['a long lease', 30_000],
])('a paused waiter at the head that asked for %s costs at most its grant, and waits on when it goes on', async (_what, ttl) => {
  const { holder, next, time, startChild } = await start();
  const child = await startChild('lock-agent');
  const held = await holder.acquire('stock');
  const theirs = child.ask<number>('acquire', 'theirs', 'stock', { wait: '1m', ttl });
  await processesInLine(holder, 'stock', 1);
  const acquiring = next.acquire('stock', { wait: '20s' });
  await processesInLine(holder, 'stock', 2);

  child.pause();
  const since = time.now();
  await held.release();
  const lock = await acquiring;
  expect(time.now() - since).toBeLessThan(Math.min(GRACE_MS, ttl) + NOTICED_MS + MARGIN_MS);

  // It reads of a grant that is another's by now.
  child.resume();
  await processesInLine(holder, 'stock', 1);
  expect(lock.isHeld).toBe(true);
  expect(await lock.release()).toBe('released');
  expect(await theirs).toBeGreaterThan(lock.fence);
  expect(await child.ask('release', 'theirs')).toBe('released');
});

it('500 waiters of a killed process cost one skip', async () => {
  const { redis, observer, holder, next, time, startChild } = await start();
  const child = await startChild('queue-agent');
  const taken = await watchGrants(redis);
  const held = await holder.acquire('stock');
  abandon(child.ask('stand', 'stock', 500, 60_000));
  await callersInLine(holder, 'stock', 500);
  const acquiring = next.acquire('stock', { wait: '20s' });
  await processesInLine(holder, 'stock', 2);

  await child.stop();
  await processesListening(observer, 2);
  await observer.config('RESETSTAT');
  const since = time.now();
  await held.release();
  const lock = await acquiring;
  expect(time.now() - since).toBeLessThan(GRACE_MS / 4);
  // To us, to the dead process, to the next one.
  await until('the grants are seen', 1_000, () => taken.length >= 3);
  expect(taken).toHaveLength(3);
  const [, publishes] = /^cmdstat_publish:calls=(\d+)/m.exec(await observer.info('commandstats')) ?? [];
  expect(Number(publishes)).toBe(2);

  // It is not tried again.
  await lock.release();
  await (await holder.acquire('stock')).release();
  await until('the grant is seen', 1_000, () => taken.length >= 4);
  expect(taken).toHaveLength(4);
});

it('a killed holder costs no more than what is left of its lease', async () => {
  const { observer, holder, next, time, startChild } = await start();
  const child = await startChild('lock-agent');
  await child.ask('acquire', 'theirs', 'stock', { ttl: 1_500 });
  const acquiring = [holder, next].map((service) => service.acquire('stock', { wait: '20s' }));
  await processesInLine(holder, 'stock', 2);

  await child.stop();
  const left = await observer.pttl('lock:stock');
  const since = time.now();
  const first = await Promise.race(acquiring);
  expect(time.now() - since).toBeLessThan(left + NOTICED_MS + MARGIN_MS);
  const handedOn = time.now();
  await first.release();
  const locks = await Promise.all(acquiring);
  expect(time.now() - handedOn).toBeLessThan(NOTICED_MS);
  for (const lock of locks) expect(await lock.release()).toBe('released');
});
