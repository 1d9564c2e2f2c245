import { LockStoreError } from 'nestjs-redis-lock';
import { CuttingProxy, type Fate } from './support/cutting-proxy.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';

const owned = ownedByEachTest();
const SCRIPTS = /evalsha/;
const SLOW: Fate = { kind: 'slow', ms: 150 };

async function start() {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open(proxy.url, { shutdownTimeout: '5s' }));
  return { proxy, locks, observer: await redis.client() };
}

it.each([
  ['in line', '5s'],
  ['by polling', { retries: 3, delay: 10 }],
] as const)('an attempt %s whose answer comes while the application closes leaves no lock to nobody', async (_how, wait) => {
  const { proxy, locks, observer } = await start();
  const asked = proxy.next(SCRIPTS, SLOW);
  const acquiring = locks.service.acquire('stock', { ttl: '30s', wait });
  acquiring.catch(() => undefined);
  await asked;

  await locks.stop();
  await expect(acquiring).rejects.toBeInstanceOf(LockStoreError);
  expect(await observer.exists('lock:stock')).toBe(0);
});

it('a release whose answer comes while the application closes is waited for', async () => {
  const { proxy, locks, observer } = await start();
  const lock = await locks.service.acquire('stock', { ttl: '30s' });
  const asked = proxy.next(SCRIPTS, SLOW);
  const releasing = lock.release();
  await asked;

  await locks.stop();
  expect(await releasing).toBe('released');
  expect(await observer.exists('lock:stock')).toBe(0);
});

it('a grant that comes for a caller who has given up is freed at once, whatever its holdAtLeast', async () => {
  const { proxy, locks, observer } = await start();
  const gaveUp = new AbortController();
  const asked = proxy.next(SCRIPTS, SLOW);
  const acquiring = locks.service.acquire('report', { holdAtLeast: '10m', signal: gaveUp.signal });
  acquiring.catch(() => undefined);
  await asked;
  gaveUp.abort(new Error('changed my mind'));

  await expect(acquiring).rejects.toThrow('changed my mind');
  await until('it is granted', 1_000, async () => (await observer.exists('lock:report')) === 1);
  await until('it is free again', 1_000, async () => (await observer.exists('lock:report')) === 0);
});
