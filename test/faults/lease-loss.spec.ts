import { LockLostError, type Lock } from 'nestjs-redis-lock';
import type { AgentOptions } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { aborted, timed } from './support/until.js';

const TTL_MS = 900;
const owned = ownedByEachTest();

/** The ways to take a lock from its holder. */
const THEFTS: Record<string, (redis: OwnRedis) => Promise<void>> = {
  FLUSHALL: async (redis) => {
    await (await redis.client()).flushall();
  },
  'DEL by hand': async (redis) => {
    await (await redis.client()).del('lock:stock');
  },
  'another owner by hand': async (redis) => {
    await (await redis.client()).set('lock:stock', 'somebody', 'PX', 60_000);
  },
  'a restart without data': (redis) => redis.restart(),
};

async function start(ttl: number = TTL_MS): Promise<{ redis: OwnRedis; locks: Locks }> {
  const redis = owned.add(await OwnRedis.start());
  return { redis, locks: owned.add(await Locks.open(redis.url, { ttl })) };
}

describe.each(Object.entries(THEFTS))('after %s', (_what, steal) => {
  it('the holder is told long before its lease would have ended by itself', async () => {
    const { redis, locks } = await start(3 * TTL_MS);
    const lock = await locks.service.acquire('stock');
    const { signal } = lock;

    await steal(redis);
    // After a restart the connection has to come back first.
    const reason = await aborted(signal, TTL_MS + 800);

    expect(reason).toMatchObject({ code: 'LOCK_LOST', reason: 'taken', key: 'stock' });
    expect(lock.isHeld).toBe(false);
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    expect(await lock.release()).toBe('lost');
  });

  it('a section that ends before anybody noticed rejects all the same, with its result', async () => {
    const { redis, locks } = await start(60_000);
    const { error } = await timed(
      locks.service.withLock('stock', async () => {
        await steal(redis);
        // The connection is there again when this comes back.
        await locks.service.withLock('another', { wait: '5s' }, () => undefined);
        return 'sold 1';
      }),
    );
    expect(error).toBeInstanceOf(LockLostError);
    expect(error).toMatchObject({ reason: 'taken', result: 'sold 1' });
  });
});

it('forceRelease from another process stops the holder at once', async () => {
  const { redis, locks } = await start(60_000);
  const options: AgentOptions = { module: { connection: redis.url }, resource: redis.url };
  const operator = owned.add(await ChildProgram.start('lock-agent', options));
  let outcome: Promise<{ error?: unknown }> | undefined;
  const lock = await new Promise<Lock>((resolve) => {
    outcome = timed(
      locks.service.withLock('stock', async (held) => {
        const { signal } = held;
        resolve(held);
        return { reason: await aborted(signal, 1_000) };
      }),
    );
  });

  expect(await operator.ask('forceRelease', 'stock')).toBe(true);

  expect((await outcome)?.error).toMatchObject({ code: 'LOCK_LOST', reason: 'forced', result: { reason: { reason: 'forced' } } });
  expect(() => lock.assertHeld()).toThrow(LockLostError);
  expect(await operator.ask('forceRelease', 'stock')).toBe(false);
});

it('an error of the section stays visible when the lock was lost as well', async () => {
  const { redis, locks } = await start(60_000);
  const own = new Error('out of stock');
  const { error } = await timed(
    locks.service.withLock('stock', async () => {
      await (await redis.client()).flushall();
      throw own;
    }),
  );
  expect(error).toMatchObject({ code: 'LOCK_LOST', cause: own });
});

it.each(['FLUSHALL', 'a restart without data'])('fences go on rising after %s', async (what) => {
  const { redis, locks } = await start();
  let last = 0;
  const enter = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const fence = await locks.service.withLock('stock', { wait: '5s' }, (lock) => lock.fence);
      expect(fence).toBeGreaterThan(last);
      last = fence;
    }
  };
  await enter(300);
  await THEFTS[what]?.(redis);
  await enter(300);
});
