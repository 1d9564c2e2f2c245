import { attempt, granted } from './grants.suite.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

const SECOND = 1_000;

/** Release, cancel, renewal and extension: only for the owner. */
export function describeLeases(stage: () => StoreStage): void {
  let one: StoreProcess;
  let token: string;

  beforeEach(async () => {
    one = await stage().connect();
    token = one.token();
  });

  async function left(key = 'stock'): Promise<number> {
    return (await one.store.inspect(key)).leaseLeftMs ?? 0;
  }

  async function renew(leaseMs: number, of = token): Promise<boolean | undefined> {
    const [result] = await one.store.renew([{ key: 'stock', token: of, leaseMs }]);
    return result?.status === 'fulfilled' ? result.value : undefined;
  }

  it('releases for the owner only, and once', async () => {
    await granted(one, 'stock', token);
    expect((await one.store.release({ key: 'stock', token: one.token(), keepMs: 0 })).released).toBe(false);
    expect((await one.store.release({ key: 'orders', token, keepMs: 0 })).released).toBe(false);
    expect((await one.store.release({ key: 'stock', token: `${token}x`, keepMs: 0 })).released).toBe(false);
    expect((await one.store.inspect('stock')).owner).toBe(token);
    expect((await one.store.release({ key: 'stock', token, keepMs: 0 })).released).toBe(true);
    expect((await one.store.release({ key: 'stock', token, keepMs: 0 })).released).toBe(false);
    expect((await attempt(one, 'stock', one.token())).status).toBe('granted');
  });

  it('keeps a released lock for as long as it is told, and then frees it', async () => {
    await granted(one, 'stock', token);
    expect((await one.store.release({ key: 'stock', token, keepMs: 700 })).released).toBe(true);
    expect((await attempt(one, 'stock', one.token())).status).toBe('busy');
    expect(await left()).toBeLessThanOrEqual(700);
    await stage().pass(701);
    expect((await attempt(one, 'stock', one.token())).status).toBe('granted');
  });

  it('keeps it also beyond its lease', async () => {
    await granted(one, 'stock', token, { leaseMs: 10 * SECOND });
    expect((await one.store.release({ key: 'stock', token, keepMs: 60.5 * SECOND })).released).toBe(true);
    expect(await left()).toBeGreaterThan(50 * SECOND);
  });

  it('cancel frees the lock that the token got, and no other', async () => {
    await granted(one, 'stock', token);
    await one.store.cancel('stock', one.token());
    expect((await one.store.inspect('stock')).owner).toBe(token);
    await one.store.cancel('stock', token);
    expect((await one.store.inspect('stock')).owner).toBeUndefined();
    await one.store.cancel('stock', token);
  });

  it('a renewal prolongs a lease and never shortens it', async () => {
    await granted(one, 'stock', token, { leaseMs: 10 * SECOND });
    expect(await renew(60 * SECOND)).toBe(true);
    expect(await left()).toBeGreaterThan(50 * SECOND);
    expect(await renew(SECOND)).toBe(true);
    expect(await left()).toBeGreaterThan(50 * SECOND);
  });

  it('a renewal is for the owner only', async () => {
    expect(await renew(SECOND)).toBe(false);
    await granted(one, 'stock', token, { leaseMs: 10 * SECOND });
    expect(await renew(60 * SECOND, one.token())).toBe(false);
    expect(await left()).toBeLessThanOrEqual(10 * SECOND);
    await one.store.release({ key: 'stock', token, keepMs: 0 });
    expect(await renew(60 * SECOND)).toBe(false);
    expect(await left()).toBe(0);
  });

  it('renews any number at once, each with its own lease, and says of each whether it is held', async () => {
    const locks = Array.from({ length: 250 }, (_, i) => ({ key: `key-${String(i)}`, token: one.token(), leaseMs: (i + 100) * SECOND }));
    const isHeld = (i: number): boolean => i % 7 !== 3;
    await Promise.all(locks.filter((_, i) => isHeld(i)).map((lock) => granted(one, lock.key, lock.token)));

    const results = await one.store.renew(locks);
    expect(results).toEqual(locks.map((_, i) => ({ status: 'fulfilled', value: isHeld(i) })));
    for (const i of [0, 99, 100, 102, 249]) {
      expect(await left(`key-${String(i)}`)).toBeGreaterThan((i + 90) * SECOND);
      expect(await left(`key-${String(i)}`)).toBeLessThanOrEqual((i + 100) * SECOND);
    }
    expect(await one.store.renew([])).toEqual([]);
  });

  it('an extension sets a lease anew, shorter or longer, for the owner only', async () => {
    await granted(one, 'stock', token, { leaseMs: 30 * SECOND });
    expect(await one.store.extend({ key: 'stock', token, leaseMs: 60 * SECOND })).toBe(true);
    expect(await left()).toBeGreaterThan(50 * SECOND);
    expect(await one.store.extend({ key: 'stock', token, leaseMs: 10 * SECOND })).toBe(true);
    expect(await left()).toBeLessThanOrEqual(10 * SECOND);
    expect(await one.store.extend({ key: 'stock', token: one.token(), leaseMs: 60 * SECOND })).toBe(false);
    expect(await one.store.extend({ key: 'orders', token, leaseMs: 60 * SECOND })).toBe(false);
    expect(await left()).toBeLessThanOrEqual(10 * SECOND);
  });

  it('an extension that arrives late does nothing', async () => {
    await granted(one, 'stock', token, { leaseMs: 60 * SECOND });
    const late = { key: 'stock', token, leaseMs: SECOND, deadlineMs: -1 };
    expect(await stage().arriveExtension(late)).toBe('stale');
    expect(await left()).toBeGreaterThan(50 * SECOND);
    expect(await stage().arriveExtension({ ...late, deadlineMs: SECOND })).toBe(true);
    expect(await left()).toBeLessThanOrEqual(SECOND);
  });
}
