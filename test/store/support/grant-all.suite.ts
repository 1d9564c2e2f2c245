import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type { GrantAllReply } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { ALONE, LEASE_MS, READING, SharedKey, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

/** Several locks by one command, all or none. */
export function describeGrantAll(stage: () => StoreStage): void {
  let one: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    one = await stage().connect();
    other = await stage().connect();
  });

  const claimsOf = (...keys: string[]) => keys.map((key) => ({ key, token: one.token() }));

  function take(claims: ReturnType<typeof claimsOf>, leaseMs = LEASE_MS): Promise<GrantAllReply> {
    return one.store.grantAll({ claims, leaseMs, sent: systemClock.now() });
  }

  async function owners(...keys: string[]): Promise<(string | undefined)[]> {
    return Promise.all(keys.map(async (key) => (await other.store.inspect(key)).owner));
  }

  it('grants each to its own token, with a lease and rising fences', async () => {
    const before = await stage().now();
    const claims = claimsOf('c', 'a', 'b');
    const reply = await take(claims, 20_000);
    if (reply.status !== 'granted') throw new Error(reply.status);
    expect(await owners('c', 'a', 'b')).toEqual(claims.map(({ token }) => token));
    const [first = NaN] = reply.fences;
    expect(reply.fences).toEqual([first, first + 1, first + 2]);
    expect(first).toBeGreaterThanOrEqual(before);
    for (const { key } of claims) {
      const { leaseLeftMs } = await other.store.inspect(key);
      expect(leaseLeftMs).toBeGreaterThan(15_000);
      expect(leaseLeftMs).toBeLessThanOrEqual(20_000);
    }
    const next = await (await SharedKey.open(stage(), 'd')).take(other, READING);
    expect(next.fence).toBeGreaterThan(first + 2);
  });

  it('grants one, or a hundred; each is a lock like any other', async () => {
    expect(await take(claimsOf('single'))).toMatchObject({ status: 'granted', fences: [expect.any(Number)] });
    const claims = claimsOf(...Array.from({ length: 100 }, (_, i) => `key-${String(i)}`));
    expect(await take(claims)).toMatchObject({ status: 'granted' });
    const [first, second, ...rest] = claims;
    const free = { key: first?.key ?? '', token: first?.token ?? '', keepMs: 0 };
    expect((await one.store.release(free)).released).toBe(true);
    expect(await take(claimsOf(first?.key ?? '', second?.key ?? ''))).toEqual({ status: 'busy' });
    const renewed = await one.store.renew(rest.map((claim) => ({ ...claim, leaseMs: LEASE_MS })));
    expect(renewed).toEqual(rest.map(() => ({ status: 'fulfilled', value: true })));
    expect(await owners(first?.key ?? '')).toEqual([undefined]);
  });

  it('and grants of shares leave room for all their fences', async () => {
    const lock = await SharedKey.open(stage(), 'd');
    const ahead = (await stage().now()) + 3_600e6;
    await stage().useFence(ahead);
    expect(await take(claimsOf('a', 'b', 'c'))).toEqual({ status: 'granted', fences: [ahead + 1, ahead + 2, ahead + 3] });
    const { token, fence } = await lock.take(one, READING, { count: 2 });
    expect(fence).toBe(ahead + 4);
    const queued = await lock.stand(other, ALONE);
    await lock.cancel(token, READING);
    const reader = await lock.stand(one, READING, { count: 3 });
    await lock.release(queued.token, ALONE);
    await lock.heard(one);
    expect(one.granted).toMatchObject([{ token: reader.token, fence: ahead + 7, shares: 3 }]);
    expect((await lock.take(other, READING)).fence).toBeGreaterThanOrEqual(ahead + 10);
  });

  describe('grants none', () => {
    let lock: SharedKey;

    beforeEach(async () => {
      lock = await SharedKey.open(stage(), 'b');
    });

    const HINDRANCES: Readonly<Record<string, () => Promise<unknown>>> = {
      'somebody holds': () => lock.take(other, ALONE),
      'somebody reads': () => lock.take(other, READING),
      'a permit is held of': () => lock.take(other, permitOf(9)),
      // Free, and the one in line is passed over until it is heard of.
      'somebody waits for': async () => {
        const { token } = await lock.take(other, ALONE);
        await lock.standDead(ALONE);
        await lock.release(token, ALONE);
        expect((await lock.stored()).leaseLeftMs).toBeUndefined();
      },
      'readers wait for': async () => {
        const { token } = await lock.take(other, ALONE);
        await lock.standDead(READING);
        await lock.release(token, ALONE);
        expect((await lock.stored()).leaseLeftMs).toBeUndefined();
      },
    };

    it.each(Object.entries(HINDRANCES))('where there is one that %s', async (_what, hinder) => {
      await hinder();
      for (const keys of [
        ['a', 'b', 'c'],
        ['b', 'a'],
        ['a', 'b'],
      ])
        expect(await take(claimsOf(...keys))).toEqual({ status: 'busy' });
      expect(await owners('a', 'c')).toEqual([undefined, undefined]);
      expect(await take(claimsOf('a', 'c'))).toMatchObject({ status: 'granted' });
    });

    it('where one was taken back before the command arrives', async () => {
      const claims = claimsOf('a', 'b', 'c');
      await one.store.cancel('b', claims[1]?.token ?? '');
      expect(await stage().arriveTogether(claims, LEASE_MS, 1_000)).toBe('busy');
      expect(await owners('a', 'b', 'c')).toEqual([undefined, undefined, undefined]);
    });

    it('after its deadline', async () => {
      const claims = claimsOf('a', 'b');
      expect(await stage().arriveTogether(claims, LEASE_MS, -1)).toBe('stale');
      expect(await owners('a', 'b')).toEqual([undefined, undefined]);
      expect(await stage().arriveTogether(claims, LEASE_MS, 1_000)).toBe('granted');
      expect(await owners('a', 'b')).toEqual(claims.map(({ token }) => token));
    });
  });

  it('takes locks whose leases ended, and leaves them to others at the end of its own', async () => {
    const lock = await SharedKey.open(stage(), 'b');
    await lock.take(other, READING, { leaseMs: 100 });
    await stage().pass(101);
    expect(await take(claimsOf('a', 'b'), 100)).toMatchObject({ status: 'granted' });
    expect((await lock.ask(other, READING)).status).toBe('busy');
    await stage().pass(101);
    await lock.take(other, READING);
  });
}
