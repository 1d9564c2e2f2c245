import type { Redis } from 'ioredis';
import { LockStoreError, type LockService } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const COMMAND_TIMEOUT = 1_000;
const owned = ownedByEachTest();

async function start(...args: string[]): Promise<{ server: OwnRedis; redis: Redis; locks: LockService }> {
  const server = owned.add(await OwnRedis.start(args));
  const locks = owned.add(await Locks.open(server.url, { commandTimeout: COMMAND_TIMEOUT }));
  return { server, redis: await server.client(), locks: locks.service };
}

it('scripts are sent anew to a server that forgot them', async () => {
  const { redis, locks } = await start();
  const flush = () => redis.script('FLUSH', 'SYNC');
  await flush();
  const lock = await locks.acquire('stock', { ttl: 600 });
  await flush();
  await lock.extend(600);
  await flush();
  expect(await locks.tryAcquire('stock')).toBeNull();
  await flush();
  await until('it is renewed', 2_000, async () => lock.expiresInMs > 500 && (await redis.pttl('lock:stock')) > 500);
  await flush();
  expect((await locks.inspect('stock')).holders).toHaveLength(1);
  await flush();
  expect(await lock.release()).toBe('released');
  await locks.acquire('stock');
  await flush();
  expect(await locks.forceRelease('stock')).toBe(true);
});

describe('a server that is out of memory', () => {
  /** Fills it until it takes nothing more. */
  async function fill(redis: Redis): Promise<void> {
    await redis.config('SET', 'maxmemory', '1');
    await expect(redis.set('more', 'x')).rejects.toThrow('OOM');
  }

  it('refuses new locks with a LockStoreError, and takes none later', async () => {
    const { redis, locks } = await start();
    await fill(redis);
    const { error } = await timed(locks.acquire('stock', { wait: 100 }));
    expect(error).toBeInstanceOf(LockStoreError);
    expect(String(error)).toContain('OOM');
    await redis.config('SET', 'maxmemory', '0');
    expect(await redis.exists('lock:stock')).toBe(0);
    expect(await locks.tryAcquire('stock')).not.toBeNull();
  });

  it('renews, extends and releases those that are held', async () => {
    const { redis, locks } = await start();
    const lock = await locks.acquire('stock', { ttl: 900 });
    await fill(redis);
    await redis.pexpire('lock:stock', 700);
    await until('it is renewed', 2_000, async () => (await redis.pttl('lock:stock')) > 750);
    await lock.extend('20s');
    expect(await redis.pttl('lock:stock')).toBeGreaterThan(15_000);
    expect(await lock.release()).toBe('released');
    expect(await redis.exists('lock:stock')).toBe(0);
  });

  it('releases also where callers of other processes wait, and hands the lock over to them', async () => {
    const { server, redis, locks } = await start();
    const rival = owned.add(await Locks.open(server.url)).service;
    const lock = await locks.acquire('stock');
    const waiting = rival.acquire('stock', { wait: '20s' });
    await until('it waits', 2_000, async () => (await locks.inspect('stock')).waitingProcesses === 1);
    await fill(redis);
    expect(await lock.release()).toBe('released');
    expect((await waiting).isHeld).toBe(true);
    await until('its lease is confirmed', 2_000, async () => (await redis.pttl('lock:stock')) > 20_000);
  });

  it('keeps a released lock for holdAtLeast', async () => {
    const { redis, locks } = await start();
    const lock = await locks.acquire('stock', { holdAtLeast: '30s' });
    await fill(redis);
    expect(await lock.release()).toBe('released');
    expect(await redis.pttl('lock:stock')).toBeGreaterThan(20_000);
  });

  it('lets an operator inspect and release', async () => {
    const { redis, locks } = await start();
    const lock = await locks.acquire('stock');
    await fill(redis);
    expect((await locks.inspect('stock')).locked).toBe(true);
    expect(await locks.forceRelease('stock')).toBe(true);
    await until('the holder is told', 2_000, () => !lock.isHeld);
  });
});

describe('a primary that becomes a replica', () => {
  it('refuses to lock with a LockStoreError, and locks again when it is a primary', async () => {
    const { redis, locks } = await start();
    const lock = await locks.acquire('stock', { ttl: '20s' });
    await redis.replicaof('127.0.0.1', 1);
    const { error } = await timed(locks.acquire('orders', { wait: 0 }));
    expect(error).toBeInstanceOf(LockStoreError);
    expect(String(error)).toMatch(/READONLY|not connected/);
    await expect(lock.extend('1m')).rejects.toThrow(LockStoreError);

    await redis.replicaof('NO', 'ONE');
    const { error: later } = await timed(locks.acquire('orders', { wait: '5s' }));
    expect(later).toBeUndefined();
  });
});
