import { ALONE, LEASE_MS, READING, SharedKey, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

const SECOND = 1_000;
const KINDS = [
  ['a reader', READING],
  ['a permit', permitOf(3)],
] as const;

/** Leases of shares: release, minimum hold, renewal, extension, force. */
export function describeShareLeases(stage: () => StoreStage): void {
  let lock: SharedKey;
  let one: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    one = await stage().connect();
    other = await stage().connect();
  });

  describe.each(KINDS)('%s', (_name, sharing) => {
    it('gives up its own share, once', async () => {
      const { token } = await lock.take(one, sharing);
      expect(await lock.release(one.token(), sharing)).toEqual({ released: false, next: undefined });
      expect((await lock.release(`${token}x`, sharing)).released).toBe(false);
      expect((await lock.release(token, ALONE)).released).toBe(false);
      expect(await lock.holders()).toEqual([token]);
      expect(await lock.release(token, sharing)).toEqual({ released: true, next: undefined });
      expect((await lock.release(token, sharing)).released).toBe(false);
    });

    it('has a lease of its own: the lock lasts as long as the last one', async () => {
      const long = await lock.take(one, sharing, { leaseMs: 50 * SECOND });
      await lock.take(other, sharing, { leaseMs: 20 * SECOND });
      expect(await lock.left()).toBeGreaterThan(40 * SECOND);
      await lock.release(long.token, sharing);
      expect(await lock.left()).toBeGreaterThan(10 * SECOND);
      expect(await lock.left()).toBeLessThanOrEqual(20 * SECOND);
    });

    it('is over at the end of its lease, although others go on', async () => {
      const lapsed = await lock.take(one, sharing, { leaseMs: 100 });
      const { token } = await lock.take(other, sharing);
      await stage().pass(101);
      expect(await lock.holders()).toEqual([token]);
      expect(await lock.renew(lapsed.token, sharing)).toBe(false);
      expect(await lock.extend(lapsed.token, sharing, LEASE_MS)).toBe(false);
      expect((await lock.keep(lapsed.token, sharing, LEASE_MS)).released).toBe(false);
      expect((await lock.release(lapsed.token, sharing)).released).toBe(false);
      expect(await lock.holders()).toEqual([token]);
    });

    it('is renewed, which never shortens a lease, and touches no other one', async () => {
      const { token } = await lock.take(one, sharing, { leaseMs: 10 * SECOND });
      const still = await lock.take(other, sharing, { leaseMs: 10 * SECOND });
      expect(await lock.renew(token, sharing, 60 * SECOND)).toBe(true);
      for (const leaseMs of [60 * SECOND, SECOND]) {
        expect(await lock.renew(token, sharing, leaseMs)).toBe(true);
        expect(await lock.leftOf(token)).toBeGreaterThan(50 * SECOND);
        expect(await lock.left()).toBeGreaterThan(50 * SECOND);
      }
      expect(await lock.leftOf(still.token)).toBeLessThanOrEqual(10 * SECOND);
      expect(await lock.renew(one.token(), sharing)).toBe(false);
      expect(await lock.renew(token, ALONE)).toBe(false);
    });

    it('is not renewed when another one held the lock in between, and it is shared again', async () => {
      const lapsed = await lock.take(one, sharing, { leaseMs: 100 });
      await stage().pass(101);
      const { token } = await lock.take(other, ALONE);
      expect(await lock.renew(lapsed.token, sharing)).toBe(false);
      await lock.release(token, ALONE);
      const again = await lock.take(other, sharing);
      expect(await lock.renew(lapsed.token, sharing)).toBe(false);
      expect(await lock.holders()).toEqual([again.token]);
    });

    it('is set anew by an extension, shorter or longer, and the lock with it', async () => {
      const { token } = await lock.take(one, sharing, { leaseMs: 60 * SECOND });
      const still = await lock.take(other, sharing, { leaseMs: 30 * SECOND });
      for (const [seconds, lockSeconds] of [
        [10, 30],
        [90, 90],
        [50, 50],
        [5, 30],
      ] as const) {
        expect(await lock.extend(token, sharing, seconds * SECOND)).toBe(true);
        expect(await lock.leftOf(token)).toBeGreaterThan((seconds - 5) * SECOND);
        expect(await lock.leftOf(token)).toBeLessThanOrEqual(seconds * SECOND);
        expect(await lock.left()).toBeGreaterThan((lockSeconds - 5) * SECOND);
        expect(await lock.left()).toBeLessThanOrEqual(lockSeconds * SECOND);
      }
      expect(await lock.leftOf(still.token)).toBeGreaterThan(20 * SECOND);
      expect(await lock.extend(one.token(), sharing, LEASE_MS)).toBe(false);
      expect(await lock.extend(token, ALONE, LEASE_MS)).toBe(false);
    });

    it('is left alone by an extension that arrives late', async () => {
      const { token } = await lock.take(one, sharing);
      const late = { key: 'stock', token, leaseMs: SECOND, deadlineMs: -1, sharing };
      expect(await stage().arriveExtension(late)).toBe('stale');
      expect(await lock.leftOf(token)).toBeGreaterThan(50 * SECOND);
      expect(await stage().arriveExtension({ ...late, deadlineMs: SECOND })).toBe(true);
      expect(await lock.leftOf(token)).toBeLessThanOrEqual(SECOND);
    });

    it('stays for the rest of a minimum hold', async () => {
      const { token } = await lock.take(one, sharing, { leaseMs: 60 * SECOND });
      expect(await lock.keep(token, sharing, 400)).toEqual({ released: true, next: undefined });
      expect(await lock.holders()).toEqual([token]);
      expect(await lock.left()).toBeLessThanOrEqual(400);
      expect((await lock.ask(other, ALONE)).status).not.toBe('granted');
      await stage().pass(401);
      expect(await lock.holders()).toEqual([]);
      await lock.take(other, ALONE);
    });

    it('stays for it also beyond its lease', async () => {
      const { token } = await lock.take(one, sharing, { leaseMs: 10 * SECOND });
      await lock.keep(token, sharing, 60.5 * SECOND);
      expect(await lock.leftOf(token)).toBeGreaterThan(50 * SECOND);
      expect(await lock.left()).toBeGreaterThan(50 * SECOND);
    });
  });

  it('a permit that lapsed is there for others at once, also while another one is held', async () => {
    const limit = permitOf(2);
    await lock.take(one, limit, { leaseMs: 100 });
    const { token } = await lock.take(one, limit);
    expect((await lock.ask(other, limit)).status).toBe('busy');
    await stage().pass(101);
    const next = await lock.take(other, limit);
    expect(await lock.holders()).toEqual([token, next.token].sort());
    expect((await lock.ask(one, limit)).status).toBe('busy');
  });

  it('renewals of all kinds go in one call, and each answer stands where its command did', async () => {
    const keys = await Promise.all(['a', 'b', 'c', 'd'].map((key) => SharedKey.open(stage(), key)));
    const claims = [];
    for (let i = 0; i < 240; i++) {
      const [key, sharing] = [keys[i % 4], [READING, permitOf(100), permitOf(200), ALONE][i % 4]];
      const { token } = i > 3 && sharing === ALONE ? { token: one.token() } : ((await key?.take(one, sharing)) ?? { token: '' });
      claims.push({ key: 'abcd'.charAt(i % 4), token, sharing, leaseMs: 2 * LEASE_MS, held: i < 4 || (sharing !== ALONE && i % 5 !== 0) });
    }
    for (const { key, token, sharing, held } of claims) if (!held) await one.store.cancel(key, token, sharing);
    const expected = claims.map(({ held }) => ({ status: 'fulfilled', value: held }));
    expect(await one.store.renew(claims)).toEqual(expected);
    for (const key of keys) expect(await key.left()).toBeGreaterThan(LEASE_MS);
  });

  describe('forceRelease', () => {
    it('tells every holder of each of its shares, and frees the lock', async () => {
      const first = await lock.take(one, READING, { count: 2 });
      const second = await lock.take(other, READING);
      expect(await lock.forceRelease()).toBe(true);
      await Promise.all([lock.heard(one), lock.heard(other)]);
      const forced = ({ forced: all }: StoreProcess) => all.filter((entry) => entry.startsWith('stock ')).sort();
      expect(forced(one)).toEqual([`stock ${first.token}`, `stock ${first.token}/1`]);
      expect(forced(other)).toEqual([`stock ${second.token}`]);
      expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: undefined, shares: [] });
      expect(await lock.renew(first.token, READING)).toBe(false);
      expect(await lock.forceRelease()).toBe(false);
      await lock.take(other, permitOf(1));
    });

    it('takes a share whose lease goes on also from who would renew it in the next phase', async () => {
      const before = await lock.take(one, READING);
      await lock.forceRelease();
      const after = await lock.take(other, READING);
      expect(await lock.renew(before.token, READING)).toBe(false);
      expect((await lock.release(before.token, READING)).released).toBe(false);
      expect(await lock.holders()).toEqual([after.token]);
    });

    it('hands permits over to who waits for them', async () => {
      await lock.take(one, permitOf(2), { count: 2 });
      const { token } = await lock.stand(other, permitOf(2));
      await lock.forceRelease();
      await lock.heard(other);
      expect(other.granted).toMatchObject([{ key: 'stock', kind: 'permit', token, shares: 1 }]);
      expect(await lock.holders()).toEqual([token]);
    });
  });

  it('keys lists locks that are shared as well', async () => {
    const names = ['read', 'limited', 'alone'];
    for (const [i, sharing] of [READING, permitOf(2), ALONE].entries()) await (await SharedKey.open(stage(), names[i])).take(one, sharing);
    const found = [];
    for await (const key of one.store.keys('*')) found.push(key);
    expect([...new Set(found)].sort()).toEqual([...names].sort());
  });

  it('inspect names a process once that waits in both lines', async () => {
    await lock.take(one, ALONE);
    await lock.stand(other, READING);
    await lock.stand(other, ALONE);
    expect((await lock.stored()).waiting).toEqual([other.name]);
  });
}
