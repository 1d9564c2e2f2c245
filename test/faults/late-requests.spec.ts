import { LockStoreError } from 'nestjs-redis-lock';
import { CuttingProxy } from './support/cutting-proxy.js';
import { processesInLine } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { QuietProxy } from './support/quiet-proxy.js';
import { timed, until } from './support/until.js';
import { watchGrants } from './support/watched-grants.js';

const COMMAND_TIMEOUT = 500;
const SCRIPTS = /evalsha/;
const owned = ownedByEachTest();

async function start(): Promise<{ redis: OwnRedis; proxy: CuttingProxy; locks: Locks; taken: readonly string[] }> {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
  return { redis, proxy, locks, taken: await watchGrants(redis) };
}

it('a request that is held back on an open connection until its caller has given up takes nothing', async () => {
  const { redis, proxy, locks, taken } = await start();
  let letGo = (): void => undefined;
  const opened = new Promise<void>((resolve) => (letGo = resolve));
  let answered = false;
  void proxy.next(SCRIPTS, { kind: 'held', until: opened, onAnswer: () => (answered = true) });

  const { ms, error } = await timed(locks.service.acquire('stock', { wait: 0 }));
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(COMMAND_TIMEOUT + 250);
  letGo();
  await until('the request arrived', 1_000, () => answered);

  const rival = owned.add(await Locks.open(redis.url));
  expect(await rival.service.tryAcquire('stock')).not.toBeNull();
  await until('the grant is seen', 1_000, () => taken.length >= 1);
  expect(taken).toEqual(['stock']);
});

it.each([
  ['before its deadline, after it was taken back', 0.6],
  ['after its deadline', 1.3],
  ['when nothing reminds of it any more', 3],
])('a request that outlives its connection and arrives %s takes nothing', async (_when, timeouts) => {
  const { redis, proxy, locks, taken } = await start();
  let answered = false;
  void proxy.next(SCRIPTS, { kind: 'late', ms: timeouts * COMMAND_TIMEOUT, onAnswer: () => (answered = true) });

  const { error } = await timed(locks.service.acquire('stock', { wait: 0 }));
  expect(error).toBeInstanceOf(LockStoreError);
  await until('the request arrived', 4 * COMMAND_TIMEOUT, () => answered);

  const rival = owned.add(await Locks.open(redis.url));
  expect(await rival.service.tryAcquire('stock')).not.toBeNull();
  await until('the grant is seen', 1_000, () => taken.length >= 1);
  expect(taken).toEqual(['stock']);
});

it('a grant whose answer comes after its caller gave up is given back at once', async () => {
  const { redis, proxy, locks, taken } = await start();
  const observer = await redis.client();
  const gaveUp = new AbortController();
  void proxy.next(SCRIPTS, { kind: 'slow', ms: 0.8 * COMMAND_TIMEOUT });
  const acquiring = timed(locks.service.acquire('stock', { ttl: '1m', wait: '1m', signal: gaveUp.signal }));
  await until('the lock is taken', 1_000, () => taken.length === 1);

  gaveUp.abort(new Error('changed my mind'));
  expect((await acquiring).error).toEqual(new Error('changed my mind'));
  await until('the lock is free', 2 * COMMAND_TIMEOUT, async () => (await observer.exists('lock:stock')) === 0);
  expect(taken).toHaveLength(1);
});

it('a lock that is handed over while its caller gives up in line is given back at once', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const proxy = owned.add(await QuietProxy.start(redis.port));
  const { service } = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
  const { service: rival } = owned.add(await Locks.open(redis.url));
  const taken = await watchGrants(redis);
  const held = await rival.acquire('stock');
  const gaveUp = new AbortController();
  const acquiring = timed(service.acquire('stock', { ttl: '1m', wait: '1m', signal: gaveUp.signal }));
  await processesInLine(rival, 'stock', 1);

  // Neither the message nor a heartbeat's answer tells of the grant before the caller has gone.
  proxy.hold('everything');
  await held.release();
  await until('the lock is handed over', 1_000, () => taken.length === 2);
  gaveUp.abort(new Error('changed my mind'));
  expect((await acquiring).error).toEqual(new Error('changed my mind'));
  // Long before the grant would end by itself.
  await until('the lock is free', COMMAND_TIMEOUT, async () => (await observer.exists('lock:stock')) === 0);

  // The news of it is late, and takes nothing from whoever has the lock now.
  const mine = await rival.acquire('stock', { wait: 0 });
  proxy.letGo();
  expect(await service.tryAcquire('stock')).toBeNull();
  await mine.extend();
  expect(await mine.release()).toBe('released');
  const lock = await service.acquire('stock', { wait: 0 });
  expect(await lock.release()).toBe('released');
  await until('the grants are seen', 1_000, () => taken.length >= 4);
  expect(taken).toHaveLength(4);
});

it('a connection that falls silent is replaced', async () => {
  const { proxy, locks } = await start();
  // As when a host loses power: nobody is told, and only new connections lead anywhere.
  proxy.silence();

  expect((await timed(locks.service.acquire('stock', { wait: 0 }))).error).toBeInstanceOf(LockStoreError);
  const { error } = await timed(locks.service.acquire('stock', { wait: '5s' }));
  expect(error).toBeUndefined();
});
