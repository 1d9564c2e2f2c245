import { LockStoreError } from 'nestjs-redis-lock';
import { keysLeft } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { QuietProxy } from './support/quiet-proxy.js';
import { timed, until } from './support/until.js';
import { watchGrants } from './support/watched-grants.js';

const COMMAND_TIMEOUT = 500;
const MARGIN_MS = 400;
/** What is left against late commands goes after twice the time that a command may take. */
const FORGOTTEN_MS = 2 * COMMAND_TIMEOUT + MARGIN_MS;
const ATTEMPTS = 100;
const owned = ownedByEachTest();

async function start() {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const proxy = owned.add(await QuietProxy.start(redis.port));
  const { service } = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
  const { service: holder } = owned.add(await Locks.open(redis.url));
  const taken = await watchGrants(redis);
  // The server's clock is known from here on: what arrives late is not sent anew.
  await (await service.acquire('warm-up')).release();
  const held = await holder.acquire('stock');
  await until('both grants are seen', 1_000, () => taken.length === 2);
  await observer.config('RESETSTAT');
  /** Waits until Redis has run so many scripts. */
  const scripts = (what: string, count: number): Promise<number> =>
    until(what, 3_000, async () => {
      const [, calls = 0] = /^cmdstat_evalsha:calls=(\d+)/m.exec(await observer.info('commandstats')) ?? [];
      return Number(calls) >= count;
    });
  /** Each of them rejects: nobody knows what became of it. */
  const abandon = async (limitMs: number): Promise<void> => {
    for (const { ms, error } of await Promise.all(Array.from({ length: ATTEMPTS }, () => timed(service.tryAcquire('stock'))))) {
      expect(error).toBeInstanceOf(LockStoreError);
      expect(ms).toBeLessThan(limitMs);
    }
  };
  return { proxy, service, holder, held, observer, taken, scripts, abandon };
}

/** The lock is everybody's, and nobody has had it but who is told here. */
async function expectNoLeak({ service, holder, observer, taken }: Awaited<ReturnType<typeof start>>): Promise<void> {
  expect(await observer.exists('lock:stock')).toBe(0);
  for (const locks of [holder, service]) expect(await (await locks.acquire('stock', { wait: '2s' })).release()).toBe('released');
  await until('no key is left', FORGOTTEN_MS, async () => (await keysLeft(observer)).length === 0);
  expect(taken).toEqual(['warm-up', 'stock', 'stock', 'stock']);
}

it.each([
  ['before the holder releases', true],
  ['when the holder has released and nothing reminds of them', false],
])('100 attempts held back until they were given up, that arrive %s, take nothing', async (_when, early) => {
  const scene = await start();
  const { proxy, held, observer, scripts, abandon } = scene;
  proxy.hold('requests');
  await abandon(COMMAND_TIMEOUT + MARGIN_MS);
  await scripts('they are taken back', ATTEMPTS);

  if (!early) {
    expect(await held.release()).toBe('released');
    await until('no key is left', FORGOTTEN_MS, async () => (await keysLeft(observer)).length === 0);
  }
  proxy.letGo();
  await scripts('they arrived', 2 * ATTEMPTS);
  if (early) expect(await held.release()).toBe('released');
  await expectNoLeak(scene);
});

it('100 attempts whose connection is cut, and which arrive in time but after they were taken back, take nothing', async () => {
  const scene = await start();
  const { proxy, held, scripts, abandon } = scene;
  proxy.hold('requests');
  const since = performance.now();
  const abandoned = abandon(MARGIN_MS);
  await until('they are on their way', 1_000, () => proxy.count('evalsha') === ATTEMPTS);
  proxy.cutClients();
  await abandoned;
  await scripts('they are taken back', ATTEMPTS);
  expect(await held.release()).toBe('released');

  proxy.letGo();
  await scripts('they arrived', 2 * ATTEMPTS);
  await expectNoLeak(scene);
  console.log(`All over after ${(performance.now() - since).toFixed(0)} ms`);
});
