import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockStoreError, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { ChildProgram } from '../faults/support/child-program.js';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const COMMAND_TIMEOUT = 400;
const owned = ownedByEachTest();

async function start(options: Partial<RedisLockModuleOptions> = {}): Promise<{ redis: OwnRedis; proxy: CuttingProxy; locks: Locks }> {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT, ...options }));
  await locks.service.withLock('before', () => undefined);
  return { redis, proxy, locks };
}

async function untilGranted(locks: Locks, limitMs: number): Promise<number> {
  let tries = 0;
  return until('a lock is granted', limitMs, async () => {
    const lock = await locks.service.tryAcquire(`try-${String(tries++)}`).catch(() => null);
    return lock !== null;
  });
}

it('a connection that dies without a word costs little more than commandTimeout', async () => {
  const { proxy, locks } = await start();
  proxy.silence();
  expect(await untilGranted(locks, 10_000)).toBeLessThan(COMMAND_TIMEOUT + 1_000);
});

it('it is given up once, however many commands went unanswered on it', async () => {
  const { redis, locks } = await start();
  const observer = await redis.client();
  const received = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await observer.info('stats'))?.[1]);
  const before = await received();
  redis.pause();
  const keys = Array.from({ length: 50 }, (_, i) => `stock-${String(i)}`);
  const outcomes = await Promise.all(keys.map((key) => timed(locks.service.acquire(key, { wait: 0 }))));
  for (const { error } of outcomes) expect(error).toBeInstanceOf(LockStoreError);
  redis.resume();
  await untilGranted(locks, 5_000);
  expect((await received()) - before).toBeLessThanOrEqual(5);
});

it('a process whose commands go unanswered by the dozen gets no warning of a leak', async () => {
  const redis = owned.add(await OwnRedis.start());
  const options = { module: { connection: redis.url, commandTimeout: COMMAND_TIMEOUT, shutdownTimeout: 100 }, resource: redis.url };
  const child = owned.add(await ChildProgram.start('lock-agent', options));
  await child.ask('acquire', 'before', 'before', {});
  redis.pause();
  const names = Array.from({ length: 30 }, (_, i) => `stock-${String(i)}`);
  const outcomes = await Promise.all(names.map((name) => timed(child.ask('acquire', name, name, { wait: 0 }))));
  redis.resume();
  for (const { error } of outcomes) expect(error).toBeDefined();
  await child.ask('close');
  child.disconnect();
  await child.ended(10_000);
  expect(child.output).not.toContain('MaxListeners');
});

it('in a Cluster, the node that is silent gets a new connection', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'silent-node-'));
  owned.add({ stop: async () => rmSync(dir, { recursive: true, force: true }) });
  const redis = owned.add(await OwnRedis.start(['--cluster-enabled', 'yes', '--dir', dir, '--cluster-announce-ip', '127.0.0.1']));
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const node = await redis.client();
  await node.config('SET', 'cluster-announce-port', proxy.port);
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster is up', 10_000, async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  const connection = { cluster: [{ host: '127.0.0.1', port: proxy.port }] };
  const locks = owned.add(await Locks.open('', { connection, commandTimeout: COMMAND_TIMEOUT }));
  await locks.service.withLock('before', () => undefined);

  proxy.silence();
  expect(await untilGranted(locks, 10_000)).toBeLessThan(2 * COMMAND_TIMEOUT + 1_000);
});

describe('commandTimeout', () => {
  it.each([0, 50, 100])('is kept when every turn of the event loop takes %i ms', async (turnMs) => {
    const { redis, locks } = await start({ commandTimeout: 1_000 });
    redis.pause();
    let spinning = true;
    const spin = (): void => {
      const end = performance.now() + turnMs;
      while (performance.now() < end);
      if (spinning) setImmediate(spin);
    };
    spin();
    const { ms, error } = await timed(locks.service.acquire('stock', { wait: 0 }));
    spinning = false;
    redis.resume();
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeGreaterThanOrEqual(1_000);
    expect(ms).toBeLessThan(1_700);
  });

  it('does not pass over an answer that came while the process was busy', async () => {
    const { locks } = await start({ commandTimeout: 300 });
    for (let i = 0; i < 5; i++) {
      const acquiring = locks.service.acquire(`stock-${String(i)}`, { ttl: '1m' });
      // The request leaves when the loop turns.
      await new Promise(setImmediate);
      const end = performance.now() + 700;
      while (performance.now() < end);
      expect((await acquiring).isHeld).toBe(true);
    }
  });
});

it('list() rejects with LockStoreError, also when a scan goes unanswered', async () => {
  const { redis, proxy, locks } = await start();
  const list = async (): Promise<void> => {
    for await (const _ of locks.service.list());
  };
  redis.pause();
  const { ms, error } = await timed(list());
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(COMMAND_TIMEOUT + 1_000);
  redis.resume();
  await proxy.vanish();
  await expect(list()).rejects.toThrow(LockStoreError);
});

describe('the first attempt over a new connection', () => {
  async function firstAttempt(delayMs: number): Promise<{ outcome: { ms: number; error?: unknown }; redis: OwnRedis }> {
    const { redis, proxy, locks } = await start({ commandTimeout: 1_000 });
    proxy.decide = (request) => (/evalsha/i.test(request) ? { kind: 'slow', ms: delayMs } : { kind: 'pass' });
    proxy.cut();
    // Asks, and learns nothing of the server's clock.
    const connected = (): Promise<boolean> =>
      locks.service.isLocked('another').then(
        () => true,
        () => false,
      );
    await until('it is connected again', 5_000, connected);
    const outcome = await timed(locks.service.acquire('stock', { wait: 0, ttl: '1m' }));
    return { outcome, redis };
  }

  it('succeeds on a slow link: two answers fit into commandTimeout', async () => {
    const { outcome } = await firstAttempt(300);
    expect(outcome.error).toBeUndefined();
  });

  it('fails in time where they do not, says so, and leaves nothing', async () => {
    const { outcome, redis } = await firstAttempt(600);
    expect(String(outcome.error)).toContain('took longer than commandTimeout');
    expect(outcome.ms).toBeLessThan(1_300);
    const observer = await redis.client();
    await until('what came too late was given back', 5_000, async () => (await observer.exists('lock:stock')) === 0);
  });
});
