import { LockStoreError } from '../../libs/redis-lock/src/errors/lock-store.error.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { until } from '../faults/support/until.js';
import { openScene, type Scene } from './support/redis-scene.js';
import { ALONE, LEASE_MS, READING, SharedKey, nextOf, permitOf } from './support/shared-key.js';

const owned = ownedByEachTest();
const KINDS = [
  ['readers', READING],
  ['permits', permitOf(3)],
] as const;

describe('another type of value', () => {
  it.each(KINDS)('under the key is busy for %s, and what they held is lost without an error', async (_name, sharing) => {
    const { stage, lock, one, other, names } = await openScene(owned);
    const { token } = await lock.take(one, sharing);
    await stage.raw.multi().del(names.lock).hset(names.lock, 'field', 'value').exec();
    expect((await lock.ask(other, sharing)).status).toBe('busy');
    expect(await lock.renew(token, sharing)).toBe(false);
    expect(await lock.extend(token, sharing, LEASE_MS)).toBe(false);
    expect(await lock.release(token, sharing)).toEqual({ released: false, next: undefined });
    await lock.stand(other, sharing);
    await lock.cancel(token, sharing);
    expect((await lock.ask(one, ALONE)).status).toBe('busy');
    expect(await lock.downgrade(token)).toBe(false);
    expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: undefined, shares: [], foreignType: 'hash' });
    expect(await stage.raw.hgetall(names.lock)).toEqual({ field: 'value' });
    expect(await stage.raw.pttl(names.lock)).toBe(-1);
  });

  it('under one key takes no other share of the same renewal with it', async () => {
    const { stage, lock, one, names } = await openScene(owned);
    const [held, spoilt] = [await SharedKey.open(stage, 'held'), await SharedKey.open(stage, 'spoilt')];
    const tokens = [await lock.take(one, READING), await held.take(one, READING), await spoilt.take(one, permitOf(2))];
    await stage.raw.multi().del(names.lock).rpush(names.lock, 'item').exec();
    const companion = `${stage.prefix}~1:queue:{${stage.prefix}spoilt}`;
    await stage.raw.multi().del(companion).set(companion, 'text').exec();
    const commands = [lock, held, spoilt].map(({ key }, i) => ({
      key,
      token: tokens[i]?.token ?? '',
      leaseMs: 2 * LEASE_MS,
      sharing: i === 2 ? permitOf(2) : READING,
    }));
    expect(await one.store.renew(commands)).toEqual([false, true, false].map((value) => ({ status: 'fulfilled', value })));
    expect(await held.left()).toBeGreaterThan(LEASE_MS);
  });

  it('under the name of the companion is an error that leaves everything as it is', async () => {
    const { stage, lock, one, names } = await openScene(owned);
    await stage.raw.set(names.companion, 'text', 'PX', LEASE_MS);
    await expect(lock.ask(one, READING)).rejects.toThrow(LockStoreError);
    await expect(lock.beat(one, READING, one.token())).rejects.toThrow('WRONGTYPE');
    expect(await stage.raw.exists(names.lock)).toBe(0);
    expect(await stage.raw.get(names.companion)).toBe('text');
  });
});

describe.each(KINDS)('a server that is out of memory: %s', (_name, sharing) => {
  async function full(prepare: (scene: Scene) => Promise<void>): Promise<Scene> {
    const scene = await openScene(owned, owned.add(await OwnRedis.start()).url);
    await prepare(scene);
    await scene.stage.raw.config('SET', 'maxmemory', '1');
    await expect(scene.stage.raw.set('more', 'x')).rejects.toThrow('OOM');
    return scene;
  }

  it('refuses new shares, and takes none later', async () => {
    const { stage, lock, one } = await full(async () => undefined);
    await expect(lock.ask(one, sharing)).rejects.toThrow('OOM');
    await expect(lock.ask(one, sharing, {}, true)).rejects.toThrow('OOM');
    await stage.raw.config('SET', 'maxmemory', '0');
    expect(await lock.stored()).toMatchObject({ sharing: undefined, shares: [], waiting: [] });
  });

  it('renews, extends, keeps, cancels and releases those that are held', async () => {
    let token = '';
    const { lock, one } = await full(async (scene) => {
      ({ token } = await scene.lock.take(scene.one, sharing, { leaseMs: 10_000 }));
      await scene.lock.take(scene.other, sharing, { leaseMs: 5_000 });
    });
    expect(await lock.renew(token, sharing, LEASE_MS)).toBe(true);
    expect(await lock.leftOf(token)).toBeGreaterThan(50_000);
    expect(await lock.extend(token, sharing, 20_000)).toBe(true);
    expect(await lock.left()).toBeLessThanOrEqual(20_000);
    expect(await lock.keep(token, sharing, 30_000)).toMatchObject({ released: true });
    expect(await lock.leftOf(token)).toBeGreaterThan(20_000);
    await lock.cancel(one.token(), sharing);
    expect((await lock.release(token, sharing)).released).toBe(true);
    const [left = ''] = await lock.holders();
    await lock.cancel(left, sharing);
    expect(await lock.stored()).toMatchObject({ sharing: undefined, leaseLeftMs: undefined });
  });

  it('hands over what is released to who waits for it', async () => {
    let token = '';
    let queued = '';
    const others = sharing.kind === 'read' ? ALONE : sharing;
    const { lock, other, one } = await full(async (scene) => {
      ({ token } = await scene.lock.take(scene.one, sharing, { count: sharing.kind === 'read' ? 1 : 3 }));
      ({ token: queued } = await scene.lock.stand(scene.other, others));
    });
    const next = one.token();
    expect(await lock.release(token, sharing, nextOf(next))).toMatchObject({ released: true, next: { status: 'queued', token: next } });
    await until('the next one is told', 2_000, () => other.granted.length > 0);
    expect(other.granted).toMatchObject([{ token: queued }]);
    expect(await lock.holders()).toContain(queued);
  });

  it('lets an owner go on as a reader, with those who wait to read, and an operator release them', async () => {
    let token = '';
    const { lock } = await full(async (scene) => {
      ({ token } = await scene.lock.take(scene.one, ALONE));
      await scene.lock.stand(scene.other, READING);
    });
    expect(await lock.downgrade(token)).toBe(true);
    expect(await lock.holders()).toHaveLength(2);
    expect(await lock.forceRelease()).toBe(true);
    expect(await lock.holders()).toEqual([]);
  });
});
