import { LockStoreError } from 'nestjs-redis-lock';
import type { Redis } from 'ioredis';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const COMMAND_TIMEOUT = 400;
const MARGIN_MS = 300;
const owned = ownedByEachTest();

async function primaryWithReplica(): Promise<{ primary: OwnRedis; replica: OwnRedis }> {
  const primary = owned.add(await OwnRedis.start(['--repl-diskless-sync-delay', '0']));
  const replica = owned.add(await OwnRedis.start(['--replicaof', '127.0.0.1', String(primary.port)]));
  const observer = await primary.client();
  await until('the replica follows', 10_000, async () => (await observer.info('replication')).includes('state=online'));
  return { primary, replica };
}

async function connections(observer: Redis): Promise<number> {
  const list =
    String(await observer.call('CLIENT', 'LIST', 'TYPE', 'normal')) + String(await observer.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return list.split('\n').filter((line) => line !== '' && !line.includes('name=observer')).length;
}

it('a lock is granted when a replica has it', async () => {
  const { primary, replica } = await primaryWithReplica();
  const locks = owned.add(await Locks.open(primary.url));
  const lock = await locks.service.acquire('stock', { replicas: { min: 1, timeout: '5s' }, wait: 0 });
  expect(await (await replica.client()).exists('lock:stock')).toBe(1);
  expect(await lock.release()).toBe('released');
});

it('a replica that has not confirmed is never counted, however soon after the grant it is asked', async () => {
  const { primary, replica } = await primaryWithReplica();
  const locks = owned.add(await Locks.open(primary.url));
  await locks.service.withLock('before', { replicas: { min: 1, timeout: '5s' } }, () => undefined);
  replica.pause();
  for (let i = 0; i < 50; i++) {
    const replicas = { min: 1, timeout: 5 };
    await expect(locks.service.acquire(`stock-${String(i)}`, { replicas, wait: 0 })).rejects.toThrow('reached 0 of 1 replicas');
  }
  replica.resume();
}, 30_000);

it('many callers wait side by side, each as long as it said', async () => {
  const redis = owned.add(await OwnRedis.start());
  const locks = owned.add(await Locks.open(redis.url, { commandTimeout: COMMAND_TIMEOUT }));
  await timed(locks.service.acquire('first', { replicas: { min: 1, timeout: 10 }, wait: 0 }));
  const patient = timed(locks.service.acquire('patient', { replicas: { min: 1, timeout: 1_500 }, wait: 0 }));
  const timeouts = Array.from({ length: 20 }, (_, i) => 100 + 20 * i);
  const outcomes = await Promise.all(
    timeouts.map((timeout, i) => timed(locks.service.acquire(`stock-${String(i)}`, { replicas: { min: 1, timeout }, wait: 0 }))),
  );
  for (const [i, { ms, error }] of outcomes.entries()) {
    expect(String(error)).toContain('reached 0 of 1 replicas');
    expect(ms).toBeGreaterThanOrEqual(timeouts[i] ?? 0);
    expect(ms).toBeLessThan((timeouts[i] ?? 0) + COMMAND_TIMEOUT);
  }
  expect(String((await patient).error)).toContain('reached 0 of 1 replicas');
});

it('rejects in time when its connection falls silent, and goes on over another', async () => {
  const { primary } = await primaryWithReplica();
  const proxy = owned.add(await CuttingProxy.start(primary.port));
  const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
  const replicas = { min: 1, timeout: 200 };
  await locks.service.withLock('before', { replicas: { min: 1, timeout: '5s' } }, () => undefined);

  // Only what is confirmed and asked of replicas goes unanswered; the grant itself passes.
  const silent = new Promise<void>(() => undefined);
  const grantThenSilence = proxy.next(/evalsha/i, { kind: 'pass' });
  const outcome = timed(locks.service.acquire('stock', { replicas, wait: 0 }));
  await grantThenSilence;
  proxy.decide = () => ({ kind: 'held', until: silent });
  const { ms, error } = await outcome;
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(200 + COMMAND_TIMEOUT + MARGIN_MS);

  proxy.decide = () => ({ kind: 'pass' });
  proxy.cut();
  await until('a lock is granted again', 5_000, () =>
    locks.service.withLock('after', { replicas, wait: 0 }, () => true).catch(() => false),
  );
});

it('callers that come first together share one connection, which closes with the rest', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const locks = owned.add(await Locks.open(redis.url));
  const before = await connections(observer);
  const keys = ['a', 'b', 'c', 'd'];
  await Promise.allSettled(keys.map((key) => locks.service.acquire(key, { replicas: { min: 1, timeout: 50 }, wait: 0 })));
  expect(await connections(observer)).toBe(before + 1);
  await locks.stop();
  await until('all connections are closed', 2_000, async () => (await connections(observer)) === 0);
});

it('a connection that is refused is closed, and tried anew by the next caller', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const locks = owned.add(await Locks.open(redis.url, { commandTimeout: COMMAND_TIMEOUT }));
  const before = await connections(observer);
  await observer.config('SET', 'maxclients', String(before + 1));
  const replicas = { min: 1, timeout: 50 };
  const { ms, error } = await timed(locks.service.acquire('stock', { replicas, wait: 0 }));
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(50 + COMMAND_TIMEOUT + MARGIN_MS);

  await observer.config('SET', 'maxclients', '100');
  await expect(locks.service.acquire('stock', { replicas, wait: '2s' })).rejects.toThrow('reached 0 of 1 replicas');
  expect(await connections(observer)).toBe(before + 1);
});
