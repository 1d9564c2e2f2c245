import type { AgentOptions, SpinReport } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';

const TTL_MS = 600;
const owned = ownedByEachTest();

async function startHolder(): Promise<{ redis: OwnRedis; holder: ChildProgram }> {
  const redis = owned.add(await OwnRedis.start());
  const options: AgentOptions = { module: { connection: redis.url, ttl: TTL_MS }, resource: redis.url };
  return { redis, holder: owned.add(await ChildProgram.start('lock-agent', options)) };
}

it.each(['renewed', 'not renewed'])(
  'a holder paused for longer than its %s lease takes no further step and leaves its successor alone',
  async (kind) => {
    const { redis, holder } = await startHolder();
    const observer = await redis.client();
    const successor = owned.add(await Locks.open(redis.url));
    const fence = await holder.ask<number>('acquire', 'mine', 'stock', { renew: kind === 'renewed' });
    await holder.ask('watch', 'mine');
    expect(await holder.ask('step', 'mine', 'steps')).toBe('done');

    holder.pause();
    const taken = await successor.service.acquire('stock', { wait: 10 * TTL_MS, ttl: '1m' });
    expect(taken.fence).toBeGreaterThan(fence);
    const theirs = await observer.get('lock:stock');
    // Waits in the pipe; it is the first thing the holder does when it goes on.
    const nextStep = holder.ask('step', 'mine', 'steps');
    holder.resume();

    expect(await nextStep).toBe('LOCK_LOST');
    expect(await observer.get('steps')).toBe('1');
    expect(await holder.ask('lossSeen', 'mine')).toBe('LOCK_LOST');
    expect(await holder.ask('release', 'mine')).toBe('lost');
    expect(await observer.get('lock:stock')).toBe(theirs);
    expect(taken.isHeld).toBe(true);
    await taken.extend();
    expect(await taken.release()).toBe('released');
  },
);

it('a holder that nothing wakes notices by the clock alone, in the middle of a loop that never yields', async () => {
  const { redis, holder } = await startHolder();
  const successor = owned.add(await Locks.open(redis.url));

  const entered = holder.notice();
  const spun = holder.ask<SpinReport>('spin', 'stock', { ttl: TTL_MS }, 10 * TTL_MS);
  await entered;
  holder.pause();
  const taken = await successor.service.acquire('stock', { wait: 10 * TTL_MS, ttl: '1m' });
  holder.resume();
  const report = await spun;

  expect(report.error).toBe('LOCK_LOST');
  expect(report.steps).toBeGreaterThan(0);
  // It was paused until the lease had ended; the last step it was let take began before that.
  expect(report.longestStallMs).toBeGreaterThan(TTL_MS / 10);
  expect(report.lastStepMs).toBeLessThan(TTL_MS);
  expect(await taken.release()).toBe('released');
});

it('a holder that is paused for less than its lease goes on holding', async () => {
  const { redis, holder } = await startHolder();
  const rival = owned.add(await Locks.open(redis.url));
  await holder.ask('acquire', 'mine', 'stock', { ttl: '20s' });

  holder.pause();
  expect(await rival.service.tryAcquire('stock')).toBeNull();
  holder.resume();

  expect(await holder.ask('step', 'mine', 'steps')).toBe('done');
  expect(await holder.ask('release', 'mine')).toBe('released');
});
