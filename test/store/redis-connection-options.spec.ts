import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockOptionsError, LockStoreError } from 'nestjs-redis-lock';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const owned = ownedByEachTest();

async function clusterOfOne(): Promise<OwnRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'cluster-of-one-'));
  owned.add({ stop: async () => rmSync(dir, { recursive: true, force: true }) });
  const redis = owned.add(await OwnRedis.start(['--cluster-enabled', 'yes', '--dir', dir, '--cluster-announce-ip', '127.0.0.1']));
  const node = await redis.client();
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster is up', 10_000, async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  return redis;
}

describe('a keyPrefix in the URL', () => {
  it('stands before every name, whether a script is known to the server or not', async () => {
    const redis = owned.add(await OwnRedis.start());
    const observer = await redis.client();
    const [first, second] = await Promise.all(['', ''].map(async () => owned.add(await Locks.open(`${redis.url}/0?keyPrefix=app:`))));
    // As after a restart or a failover: the first command of each script is sent with its text, the next ones without.
    await observer.script('FLUSH');

    const lock = await first?.service.acquire('stock');
    expect(await second?.service.tryAcquire('stock')).toBeNull();
    expect(await observer.keys('*stock')).toEqual(['app:lock:stock']);
    expect(await lock?.release()).toBe('released');
  });

  it('does so for a node of a Cluster', async () => {
    const redis = await clusterOfOne();
    const connection = { cluster: [`${redis.url}?keyPrefix=app:`] };
    const locks = owned.add(await Locks.open('', { connection }));

    const lock = await locks.service.acquire('stock');
    expect(await (await redis.client()).keys('*stock')).toEqual(['app:lock:stock']);
    expect(await lock.release()).toBe('released');
  });

  it('is refused where the nodes of a Cluster differ in it', async () => {
    const cluster = ['redis://127.0.0.1:1?keyPrefix=a:', 'redis://127.0.0.1:2?keyPrefix=b:'];
    await expect(Locks.open('', { connection: { cluster } })).rejects.toThrow(LockOptionsError);
  });
});

it.each([
  ['a URL', (url: string) => `${url}?enableOfflineQueue=true&autoResendUnfulfilledCommands=true&maxRetriesPerRequest=20`],
  ['options', (url: string) => ({ port: Number(new URL(url).port), enableOfflineQueue: true, maxRetriesPerRequest: 20 })],
])('%s cannot make commands wait for a connection, or be sent again', async (_kind, connection) => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open('', { connection: connection(proxy.url), commandTimeout: '5s' }));

  await proxy.vanish();
  await expect(locks.service.tryAcquire('stock')).rejects.toThrow(LockStoreError);
  const { ms, error } = await timed(locks.service.tryAcquire('stock'));
  expect(error).toBeInstanceOf(LockStoreError);
  expect(ms).toBeLessThan(2_000);
  await proxy.comeBack();
  await until('there is a connection again', 5_000, () =>
    locks.service.isLocked('another').then(
      () => true,
      () => false,
    ),
  );
  expect(await observer.exists('lock:stock')).toBe(0);
});

it('a password in a URL is sent, and is not shown', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  await observer.call('ACL', 'SETUSER', 'shop', 'on', '>p@ss:w/rd', '~*', '&*', '+@all');
  const url = (password: string): string => `redis://shop:${encodeURIComponent(password)}@127.0.0.1:${String(redis.port)}/3?family=4`;

  const locks = owned.add(await Locks.open(url('p@ss:w/rd')));
  const lock = await locks.service.acquire('stock');
  await observer.select(3);
  expect(await observer.exists('lock:stock')).toBe(1);
  await lock.release();
  const refused = await timed(Locks.open(url('other')));
  expect(String(refused.error)).toContain('WRONGPASS');
  expect(String(refused.error)).not.toContain('other');
});
