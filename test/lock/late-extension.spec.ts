import { LockStoreError } from 'nestjs-redis-lock';
import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';

const owned = ownedByEachTest();
const SHORT_MS = 600;

// PROTOCOL: what a client believes never outlives the server's lease. Only an extension may shorten one, and a network may hold it back.
it('an extension that outlives its connection does not shorten the lease under a later one', async () => {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const locks = owned.add(await Locks.open(proxy.url, { commandTimeout: 500 }));
  const observer = await redis.client();
  const lock = await locks.service.acquire('stock', { ttl: '20s' });

  let arrived = false;
  void proxy.next(/evalsha/, { kind: 'late', ms: 400, onAnswer: () => (arrived = true) });
  expect((await timed(lock.extend(SHORT_MS))).error).toBeInstanceOf(LockStoreError);
  // It resolves when it has what it asked for: not before the first one can no longer arrive.
  await until('the next extension is answered', 3_000, () =>
    lock.extend('20s').then(
      () => true,
      () => false,
    ),
  );
  await until('the first extension arrived', 2_000, () => arrived);

  expect(lock.expiresInMs).toBeLessThanOrEqual(await observer.pttl('lock:stock'));
  expect(lock.expiresInMs).toBeGreaterThan(15_000);
  expect(lock.isHeld).toBe(true);
});
