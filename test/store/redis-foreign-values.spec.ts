import { LockStoreError, type LockState } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';

const owned = ownedByEachTest();

async function listed(locks: Locks): Promise<LockState[]> {
  const states: LockState[] = [];
  for await (const state of locks.service.list()) states.push(state);
  return states;
}

it.each(['worker-1.secret', 'x', 'a.b', 'worker-1.0123456789012345678901'])(
  "another program's value %s names no process of ours",
  async (value) => {
    const redis = owned.add(await OwnRedis.start());
    await (await redis.client()).set('lock:stock', value, 'PX', 60_000);
    const locks = owned.add(await Locks.open(redis.url));
    const state = await locks.service.inspect('stock');
    expect(state.kind).toBe('foreign');
    expect(state.holders).toEqual([expect.objectContaining({ process: undefined })]);
    expect(await locks.service.forceRelease('stock')).toBe(true);
  },
);

it('a hash under the name of a lock is not deleted by force, and it is said what it is', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  await observer.hset('lock:stock', 'colour', 'red');
  const locks = owned.add(await Locks.open(redis.url));
  const refused = locks.service.forceRelease('stock');
  await expect(refused).rejects.toThrow(LockStoreError);
  await expect(refused).rejects.toThrow("'stock' holds a hash, which is no lock");
  expect(await observer.hgetall('lock:stock')).toEqual({ colour: 'red' });
});

it('a longer prefix that begins with ours adds its locks to the list, and nothing else', async () => {
  const redis = owned.add(await OwnRedis.start());
  const outer = owned.add(await Locks.open(redis.url, { keyPrefix: 'lock:' }));
  const inner = owned.add(await Locks.open(redis.url, { keyPrefix: 'lock:jobs:' }));
  const locks = [await outer.service.acquire('stock'), await inner.service.acquire('import')];
  expect((await listed(outer)).map(({ key }) => key).sort()).toEqual(['jobs:import', 'stock']);
  expect((await listed(inner)).map(({ key }) => key)).toEqual(['import']);
  for (const lock of locks) await lock.release();
});
