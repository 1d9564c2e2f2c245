import { LockStoreError } from 'nestjs-redis-lock';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const COMMAND_TIMEOUT = 500;
const SHORT_MS = 2_000;
const owned = ownedByEachTest();

// What a client believes never outlives the server's lease. Only an extension may shorten one, and a network may hold it back.
it.each([
  ['before its deadline', 0.8],
  ['after its deadline', 1.4],
  ['when nothing reminds of it any more', 3],
])('an extension that outlives its connection and arrives %s does not shorten the lease under a later one', async (_when, timeouts) => {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: COMMAND_TIMEOUT }));
  const observer = await redis.client();
  const lock = await locks.service.acquire('stock', { ttl: '20s' });

  let arrived = false;
  void proxy.next(/evalsha/, { kind: 'late', ms: timeouts * COMMAND_TIMEOUT, onAnswer: () => (arrived = true) });
  expect((await timed(lock.extend(SHORT_MS))).error).toBeInstanceOf(LockStoreError);
  await until('the connection is back', SHORT_MS, async () => (await timed(locks.service.isLocked('stock'))).error === undefined);
  const extending = timed(lock.extend('20s'));
  await until('the first extension arrived', 5_000, async () => {
    // At every moment, whichever of the two came last.
    await expectBacked();
    return arrived;
  });
  expect((await extending).error).toBeUndefined();
  await expectBacked();
  expect(lock.expiresInMs).toBeGreaterThan(10_000);

  async function expectBacked(): Promise<void> {
    const before = await observer.pttl('lock:stock');
    const believed = lock.expiresInMs;
    const after = await observer.pttl('lock:stock');
    // An extension may have been answered in between.
    expect(believed).toBeLessThanOrEqual(Math.max(before, after));
  }
});
