import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { LockBusyError, LockLostError, LockOptionsError, type LockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';

const url = process.env['TEST_REDIS_URL'] ?? '';
const owned = ownedByEachTest();
let prefix: string;
let redis: Redis;

beforeEach(() => {
  prefix = `data-${randomBytes(6).toString('hex')}:`;
  redis = new Redis(url);
  owned.add({ stop: async () => redis.disconnect() });
});

async function open(options: Partial<RedisLockModuleOptions> = {}): Promise<LockService> {
  return owned.add(await Locks.open(url, { keyPrefix: prefix, commandTimeout: 1_000, ...options })).service;
}

async function listed(locks: LockService, pattern?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of locks.list(pattern)) keys.push(key);
  return keys.sort();
}

describe('a foreign client that locks with SET NX PX', () => {
  it('is excluded, sees the token as the value and the lease as the TTL', async () => {
    const locks = await open();
    const lock = await locks.acquire('stock', { ttl: '20s' });
    expect(await redis.set(`${prefix}stock`, 'foreign', 'PX', 1_000, 'NX')).toBeNull();
    expect(await redis.get(`${prefix}stock`)).toMatch(/^[\w-]{12}\.[\w-]{22}$/);
    expect(await redis.pttl(`${prefix}stock`)).toBeGreaterThan(15_000);
    await lock.release();
    expect(await redis.set(`${prefix}stock`, 'foreign', 'PX', 1_000, 'NX')).toBe('OK');
  });

  it('excludes us until it deletes the key or its TTL ends', async () => {
    const locks = await open();
    await redis.set(`${prefix}deleted`, 'foreign', 'PX', 60_000);
    await redis.set(`${prefix}lapsed`, 'foreign', 'PX', 150);
    expect(await locks.tryAcquire('deleted')).toBeNull();
    const waiting = [locks.acquire('deleted', { wait: '10s' }), locks.acquire('lapsed', { wait: '10s' })];
    await redis.del(`${prefix}deleted`);
    for (const lock of await Promise.all(waiting)) expect(await lock.release()).toBe('released');
  });

  it('is shown as foreign, with its TTL', async () => {
    const locks = await open();
    await redis.set(`${prefix}stock`, 'foreign:token with spaces', 'PX', 60_000);
    const state = await locks.inspect('stock');
    expect(state).toMatchObject({ locked: true, kind: 'foreign', note: undefined });
    expect(state.holders).toEqual([expect.objectContaining({ process: undefined, host: undefined, fence: undefined })]);
    expect(state.holders[0]?.ttlMs).toBeGreaterThan(50_000);
    expect(JSON.stringify(state)).not.toContain('spaces');
    expect(await locks.isLocked('stock')).toBe(true);
  });

  it('blocks for ever without a TTL, which inspect says, until it is released by force', async () => {
    const locks = await open();
    await redis.set(`${prefix}stock`, 'foreign');
    await expect(locks.acquire('stock', { wait: 200 })).rejects.toThrow(LockBusyError);
    const { note, holders } = await locks.inspect('stock');
    expect(note).toContain('without a TTL');
    expect(holders[0]?.ttlMs).toBeUndefined();
    const waiting = locks.acquire('stock', { wait: '10s' });
    expect(await locks.forceRelease('stock')).toBe(true);
    expect((await waiting).isHeld).toBe(true);
  });

  it('takes a lock by hand: its former holder cannot release that', async () => {
    const locks = await open();
    const lock = await locks.acquire('stock');
    await redis.set(`${prefix}stock`, 'foreign', 'PX', 60_000);
    expect(await lock.release()).toBe('lost');
    expect(await redis.get(`${prefix}stock`)).toBe('foreign');
  });
});

describe('a key that another program uses for something else', () => {
  const MAKE: Record<string, (key: string) => Promise<unknown>> = {
    hash: (key) => redis.hset(key, 'field', 'value'),
    list: (key) => redis.rpush(key, 'item'),
    set: (key) => redis.sadd(key, 'member'),
    zset: (key) => redis.zadd(key, 1, 'member'),
    stream: (key) => redis.xadd(key, '*', 'field', 'value'),
  };

  it.each(Object.keys(MAKE))('a %s is a busy lock, and inspect says what it is', async (type) => {
    const locks = await open();
    await MAKE[type]?.(`${prefix}stock`);
    expect(await locks.tryAcquire('stock')).toBeNull();
    const state = await locks.inspect('stock');
    expect(state).toMatchObject({ locked: true, kind: 'foreign' });
    expect(state.note).toContain(type);
    expect(await locks.isLocked('stock')).toBe(true);
    expect(await redis.exists(`${prefix}stock`)).toBe(1);
  });
});

describe('a lock whose key another program overwrites with something else', () => {
  async function overwrite(key: string): Promise<void> {
    await redis.multi().del(key).hset(key, 'field', 'value').exec();
  }

  it('is lost at its renewal, and takes no other lock of the process with it', async () => {
    const locks = await open();
    const [lost, kept] = [await locks.acquire('lost', { ttl: 900 }), await locks.acquire('kept', { ttl: 900 })];
    await overwrite(`${prefix}lost`);
    await until('it is told', 2_000, () => lost.signal.aborted);
    expect(lost.signal.reason).toMatchObject({ reason: 'taken' });
    await until('the other one has been renewed', 2_000, async () => (await redis.pttl(`${prefix}kept`)) > 600);
    expect(kept.isHeld).toBe(true);
  });

  it('is lost for a release or an extension, which leave the key alone', async () => {
    const locks = await open();
    const [released, extended] = [await locks.acquire('released'), await locks.acquire('extended')];
    await overwrite(`${prefix}released`);
    await overwrite(`${prefix}extended`);
    expect(await released.release()).toBe('lost');
    await expect(extended.extend('1m')).rejects.toThrow(LockLostError);
    expect(await redis.hget(`${prefix}released`, 'field')).toBe('value');
    expect(await redis.pttl(`${prefix}extended`)).toBe(-1);
  });

  it('is left alone by forceRelease: it is no lock', async () => {
    const locks = await open();
    await overwrite(`${prefix}stock`);
    await expect(locks.forceRelease('stock')).rejects.toThrow('holds a hash, which is no lock');
    expect(await redis.hget(`${prefix}stock`, 'field')).toBe('value');
  });
});

describe('what is written', () => {
  it('all has a TTL, whatever happens; and in the end only the fence counter is left', async () => {
    const one = await open();
    const other = await open();
    const held = await one.acquire('held', { ttl: '5s', label: 'a label' });
    const kept = await one.acquire('kept', { ttl: '5s', holdAtLeast: 300 });
    await expect(other.acquire('held', { wait: 1_200 })).rejects.toThrow(LockBusyError);
    await expect(other.acquire('held', { wait: '5s', signal: AbortSignal.timeout(20) })).rejects.toThrow();
    await kept.release();
    await held.extend('9s');
    await until('the process has described itself', 5_000, async () => (await other.inspect('held')).holders[0]?.label === 'a label');

    const names = await redis.keys(`${prefix}*`);
    expect(names.length).toBeGreaterThanOrEqual(3);
    const ttls = await Promise.all(names.map(async (name) => ({ name, ttl: await redis.pttl(name) })));
    expect(ttls.filter(({ ttl }) => ttl < 0)).toEqual([]);

    await held.release();
    await owned.end();
    redis = new Redis(url);
    try {
      await until('all has lapsed', 5_000, async () => (await redis.keys(`${prefix}*`)).length === 1);
      expect(await redis.keys(`${prefix}*`)).toEqual([`${prefix}~1:fence`]);
      expect(await redis.pttl(`${prefix}~1:fence`)).toBeGreaterThan(29 * 24 * 3_600_000);
    } finally {
      redis.disconnect();
    }
  });

  it('the fence counter is written out in full, and refreshed by each grant', async () => {
    const locks = await open();
    const counter = `${prefix}~1:fence`;
    const { fence } = await locks.acquire('a');
    expect(await redis.get(counter)).toBe(String(fence));
    await redis.pexpire(counter, 1_000);
    const next = await locks.acquire('b');
    expect(next.fence).toBeGreaterThan(fence);
    expect(await redis.pttl(counter)).toBeGreaterThan(29 * 24 * 3_600_000);
  });

  it('fences rise also when the counter is gone', async () => {
    const locks = await open();
    const { fence } = await locks.acquire('a');
    await redis.del(`${prefix}~1:fence`);
    expect((await locks.acquire('b')).fence).toBeGreaterThan(fence);
  });
});

describe('key prefixes', () => {
  it('keep locks apart, their waiters, lists and forced releases as well', async () => {
    const one = await open();
    const other = await open({ keyPrefix: `${prefix}other:` });
    const lock = await one.acquire('stock');
    expect(await other.tryAcquire('stock')).not.toBeNull();
    expect(await listed(one)).toEqual(['other:stock', 'stock']);
    expect(await listed(other)).toEqual(['stock']);
    expect(await other.forceRelease('stock')).toBe(true);
    expect(lock.isHeld).toBe(true);
    expect(await one.isLocked('stock')).toBe(true);
  });

  it('may be a hash tag', async () => {
    const locks = await open({ keyPrefix: `{${prefix}}` });
    const lock = await locks.acquire('stock');
    expect(await redis.exists(`{${prefix}}stock`)).toBe(1);
    expect(await listed(locks)).toEqual(['stock']);
    const waiting = locks.acquire('stock', { wait: '5s' });
    await until('it waits', 2_000, async () => (await locks.inspect('stock')).waitingProcesses === 1);
    await lock.release();
    expect((await waiting).isHeld).toBe(true);
  });

  it('may have what is special in a glob', async () => {
    const odd = `${prefix}[a]*?\\`;
    const locks = await open({ keyPrefix: odd });
    await locks.acquire('stock');
    await redis.set(`${prefix}aXX\\stock`, 'not ours', 'PX', 5_000);
    expect(await redis.exists(`${odd}stock`)).toBe(1);
    expect(await listed(locks)).toEqual(['stock']);
    expect(await listed(locks, 'st*')).toEqual(['stock']);
  });

  it('may be empty; then only names that are no lock of ours are left out', async () => {
    const key = `${prefix}stock`;
    const locks = await open({ keyPrefix: '' });
    await locks.acquire(key);
    expect(await redis.exists(key)).toBe(1);
    expect(await listed(locks, `${prefix}*`)).toEqual([key]);
    expect((await listed(locks)).filter((name) => name.startsWith('~'))).toEqual([]);
  });

  it.each([['has spaces '], ['{unclosed'], ['}{'], ['{}'], ['a\n'], ['x'.repeat(129)]])('%j is refused at start', async (keyPrefix) => {
    await expect(Locks.open(url, { keyPrefix })).rejects.toThrow(LockOptionsError);
  });
});
