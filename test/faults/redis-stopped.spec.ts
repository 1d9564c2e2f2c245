import { LockLostError, LockStoreError, type LockOptions } from 'nestjs-redis-lock';
import { CuttingProxy } from './support/cutting-proxy.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { aborted, timed, until } from './support/until.js';
import { watchGrants } from './support/watched-grants.js';

const COMMAND_TIMEOUT = 400;
const MARGIN_MS = 250;
const owned = ownedByEachTest();

/** A server that can stop in two ways, and locks on it. */
async function start(options: { ttl?: number } = {}): Promise<{ redis: OwnRedis; locks: Locks }> {
  const redis = owned.add(await OwnRedis.start());
  return { redis, locks: owned.add(await Locks.open(redis.url, { commandTimeout: COMMAND_TIMEOUT, shutdownTimeout: 500, ...options })) };
}

const STOPS = {
  killed: { stop: (redis: OwnRedis) => redis.kill(), goOn: (redis: OwnRedis) => redis.restart() },
  paused: { stop: async (redis: OwnRedis) => redis.pause(), goOn: async (redis: OwnRedis) => redis.resume() },
};

describe.each(['killed', 'paused'] as const)('with Redis %s', (way) => {
  const { stop, goOn } = STOPS[way];

  it('an acquire rejects in time, and takes nothing when Redis is back', async () => {
    const { redis, locks } = await start();
    const grants = way === 'paused' ? await watchGrants(redis) : undefined;
    await stop(redis);

    const waits = [0, 100, COMMAND_TIMEOUT, COMMAND_TIMEOUT + 500];
    const attempts = await Promise.all(waits.map((wait) => timed(locks.service.acquire(`wait-${String(wait)}`, { wait }))));
    for (const [i, { ms, error }] of attempts.entries()) {
      expect(error).toBeInstanceOf(LockStoreError);
      expect(ms).toBeLessThan(Math.max(waits[i] ?? 0, COMMAND_TIMEOUT) + MARGIN_MS);
    }

    await goOn(redis);
    const taken = grants ?? (await watchGrants(redis));
    const rival = owned.add(await Locks.open(redis.url));
    const keys = waits.map((wait) => `wait-${String(wait)}`);
    for (const key of keys) expect(await rival.service.tryAcquire(key)).not.toBeNull();
    // By the server's own account the rival was the only one who took them.
    await until('the grants to the rival are seen', 1_000, () => taken.length >= keys.length);
    expect(taken).toEqual(keys);
  });

  it('callers of one key are all told that it is the store, whatever each is willing to wait', async () => {
    const { redis, locks } = await start();
    await stop(redis);
    const patient = timed(locks.service.acquire('stock', { wait: 1_500 }));
    await timed(locks.service.acquire('another', { wait: 0 }));

    const waits: LockOptions['wait'][] = [0, 100, { retries: 1, delay: 50 }];
    const others = await Promise.all(waits.map((wait) => timed(locks.service.acquire('stock', { wait: wait ?? 0 }))));

    expect(others.map(({ error }) => error)).toEqual(waits.map(() => expect.any(LockStoreError) as Error));
    expect((await patient).error).toBeInstanceOf(LockStoreError);
    await goOn(redis);
  });

  it('a caller who waits longer than the outage gets the lock, once', async () => {
    const { redis, locks } = await start();
    await stop(redis);
    const waiting = locks.service.acquire('stock', { wait: '10s' });
    // One attempt has failed when this one has.
    await timed(locks.service.acquire('another', { wait: 0 }));
    await goOn(redis);
    const back = performance.now();

    const lock = await waiting;
    expect(performance.now() - back).toBeLessThan(2_000);
    expect(await lock.release()).toBe('released');
    expect(await locks.service.isLocked('stock')).toBe(false);
  });

  it('a section whose lease ends meanwhile is told, and its result comes with the error', async () => {
    const { redis, locks } = await start({ ttl: 500 });
    const outcome = timed(
      locks.service.withLock('stock', async ({ signal }) => {
        const entered = performance.now();
        await stop(redis);
        const reason = await aborted(signal, 500 + MARGIN_MS);
        return { reason, heldMs: performance.now() - entered };
      }),
    );
    const { error } = await outcome;
    expect(error).toMatchObject({ code: 'LOCK_LOST', reason: 'expired', result: { reason: expect.any(LockLostError) as Error } });
    await goOn(redis);
  });

  it('a release rejects in time', async () => {
    const { redis, locks } = await start();
    const lock = await locks.service.acquire('stock');
    await stop(redis);

    const { ms, error } = await timed(lock.release());
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeLessThan(COMMAND_TIMEOUT + MARGIN_MS);
    expect(() => lock.assertHeld()).toThrow(LockLostError);

    await goOn(redis);
    await until('the lock is free once Redis is back', 1_500, async () => !(await locks.service.isLocked('stock').catch(() => true)));
  });
});

describe('when Redis comes back with its data', () => {
  it('a release that went unanswered is carried out long before the lease ends', async () => {
    const { redis } = await start();
    const proxy = owned.add(await CuttingProxy.start(redis.port));
    const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
    const observer = await redis.client();
    const lock = await locks.service.acquire('stock', { ttl: '1m' });

    await proxy.vanish();
    expect((await timed(lock.release())).error).toBeInstanceOf(LockStoreError);
    expect(await observer.exists('lock:stock')).toBe(1);
    await proxy.comeBack();
    await until('the lock is free', 2_000, async () => (await observer.exists('lock:stock')) === 0);
  });

  it('renewals go on, and nobody was told of a loss', async () => {
    const ttl = 2_000;
    const { redis, locks } = await start({ ttl });
    const lock = await locks.service.acquire('stock');
    const since = performance.now();
    expect(lock.signal.aborted).toBe(false);

    await until('the lease is about to be renewed', ttl, () => lock.expiresInMs < 0.7 * ttl);
    redis.pause();
    await until('a renewal fails', ttl, () => lock.expiresInMs < 0.4 * ttl);
    redis.resume();
    await until('a renewal succeeds', ttl, () => lock.expiresInMs > 0.8 * ttl);
    await until('the first lease would be over', ttl, () => performance.now() - since > 1.2 * ttl);

    expect(lock.isHeld).toBe(true);
    expect(lock.signal.aborted).toBe(false);
    expect(await lock.release()).toBe('released');
  });
});
