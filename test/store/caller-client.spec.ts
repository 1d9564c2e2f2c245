import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { LockStoreError, type LockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const owned = ownedByEachTest();
let server: OwnRedis;
let observer: Redis;

beforeEach(async () => {
  server = owned.add(await OwnRedis.start());
  observer = await server.client();
});

function ownedClient(client: Redis): Redis {
  client.on('error', () => undefined);
  owned.add({ stop: async () => client.disconnect() });
  return client;
}

async function open(
  connection: Redis,
  options: Partial<RedisLockModuleOptions> = {},
): Promise<{ locks: LockService; stop: () => Promise<void> }> {
  const opened = owned.add(await Locks.open(connection as never, options)); // it takes any connection
  return { locks: opened.service, stop: () => opened.stop() };
}

async function connections(): Promise<number> {
  return Number(/connected_clients:(\d+)/.exec(await observer.info('clients'))?.[1]);
}

it('is duplicated and never closed; its duplicates are', async () => {
  const client = ownedClient(new Redis(server.url));
  await client.ping();
  const before = await connections();
  const { locks, stop } = await open(client);
  expect(await connections()).toBeGreaterThan(before);
  await locks.acquire('stock');
  await stop();
  await until('the duplicates are closed', 2_000, async () => (await connections()) === before);
  expect(client.status).toBe('ready');
  expect(await client.set('mine', 'still works')).toBe('OK');
});

it('keeps its own settings and listeners', async () => {
  const client = ownedClient(new Redis(server.url, { maxRetriesPerRequest: 7, enableAutoPipelining: true }));
  await client.ping();
  const { listeners } = { listeners: client.eventNames().map((name) => [name, client.listenerCount(name)]) };
  await open(client);
  expect(client.options).toMatchObject({ maxRetriesPerRequest: 7, enableAutoPipelining: true, enableOfflineQueue: true });
  expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(listeners);
});

it('its keyPrefix stands before ours, for keys, scripts and messages', async () => {
  const client = ownedClient(new Redis(server.url, { keyPrefix: 'app:' }));
  const { locks } = await open(client, { keyPrefix: 'l:' });
  const lock = await locks.acquire('stock');
  expect(await observer.exists('app:l:stock')).toBe(1);
  expect(await client.exists('l:stock')).toBe(1);
  expect((await observer.keys('*')).filter((name) => !name.startsWith('app:l:'))).toEqual([]);

  const rival = (await open(ownedClient(new Redis(server.url)), { keyPrefix: 'app:l:' })).locks;
  expect(await rival.tryAcquire('stock')).toBeNull();
  const waiting = rival.acquire('stock', { wait: '10s' });
  await until('it waits', 2_000, async () => (await locks.inspect('stock')).waitingProcesses === 1);
  await lock.release();
  expect((await waiting).isHeld).toBe(true);
  const keys: string[] = [];
  for await (const { key } of locks.list()) keys.push(key);
  expect(keys).toEqual(['stock']);
});

it('may be lazy, not connected yet, or in the middle of something', async () => {
  const lazy = ownedClient(new Redis(server.url, { lazyConnect: true }));
  const { locks } = await open(lazy);
  expect(await locks.tryAcquire('a')).not.toBeNull();
  expect(lazy.status).toBe('wait');

  const subscribed = ownedClient(new Redis(server.url));
  await subscribed.subscribe('news');
  expect(await (await open(subscribed)).locks.tryAcquire('b')).not.toBeNull();

  const closed = ownedClient(new Redis(server.url));
  await closed.quit();
  expect(await (await open(closed)).locks.tryAcquire('c')).not.toBeNull();
  expect(closed.status).toBe('end');
});

it('uses its database and its credentials', async () => {
  await observer.config('SET', 'requirepass', 's3cret');
  const client = ownedClient(new Redis(server.port, '127.0.0.1', { db: 3, password: 's3cret' }));
  await (await open(client)).locks.acquire('stock');
  expect(await client.exists('lock:stock')).toBe(1);
  await observer.auth('s3cret');
  expect(await observer.exists('lock:stock')).toBe(0);
});

it('does not lend us its patience: where the server is gone, calls fail in time', async () => {
  const client = ownedClient(new Redis(server.url, { maxRetriesPerRequest: null, enableOfflineQueue: true, retryStrategy: () => 10_000 }));
  const { locks } = await open(client, { commandTimeout: 300 });
  await server.kill();
  const { ms, error } = await timed(locks.acquire('stock', { wait: 0 }));
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(550);
  await server.restart();
  expect((await timed(locks.acquire('stock', { wait: '5s' }))).error).toBeUndefined();
});

it('may come from another copy of ioredis', async () => {
  const load = createRequire(import.meta.url);
  jest.resetModules();
  const other = load('ioredis') as { Redis: typeof Redis };
  expect(other.Redis).not.toBe(Redis);
  const client = ownedClient(new other.Redis(server.url, { keyPrefix: 'app:' }));
  const { locks } = await open(client);
  const lock = await locks.acquire('stock', { ttl: 600 });
  await until('it is renewed', 2_000, async () => (await observer.pttl('app:lock:stock')) > 500 && lock.expiresInMs > 500);
  await observer.script('FLUSH', 'SYNC');
  const waiting = locks.acquire('stock', { wait: '5s' });
  expect(await lock.release()).toBe('released');
  expect(await (await waiting).release()).toBe('released');
});

it('two registrations may share it', async () => {
  const client = ownedClient(new Redis(server.url, { keyPrefix: randomBytes(4).toString('hex') }));
  const [one, other] = [await open(client), await open(client)];
  await one.locks.acquire('stock');
  expect(await other.locks.tryAcquire('stock')).toBeNull();
  await one.stop();
  expect(await other.locks.tryAcquire('orders')).not.toBeNull();
});
