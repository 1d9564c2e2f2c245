import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type { GrantReply, Standing } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { COMMAND_TIMEOUT, type StoreProcess, type StoreStage } from './store-stage.js';

/** An attempt with everything that does not matter filled in. */
export function attempt(
  process: StoreProcess,
  key: string,
  token: string,
  options: { leaseMs?: number; reserve?: number; queue?: Standing } = {},
): Promise<GrantReply> {
  const { leaseMs = 60_000, reserve = 1, queue } = options;
  return process.store.grant({ key, token, leaseMs, reserve, queue, sent: systemClock.now() });
}

/** The fence of an attempt that must be granted. */
export async function granted(process: StoreProcess, key: string, token: string, options?: Parameters<typeof attempt>[3]): Promise<number> {
  const reply = await attempt(process, key, token, options);
  if (reply.status !== 'granted') throw new Error(`${key}: ${reply.status}`);
  return reply.fence;
}

/** Grants, fences, tombstones and deadlines. */
export function describeGrants(stage: () => StoreStage): void {
  let one: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    one = await stage().connect();
    other = await stage().connect();
  });

  it('grants a free lock, and says of a busy one how long its lease lasts', async () => {
    expect(await attempt(one, 'stock', one.token(), { leaseMs: 5_000 })).toMatchObject({ status: 'granted' });
    const busy = await attempt(other, 'stock', other.token());
    expect(busy.status).toBe('busy');
    const left = busy.status === 'busy' ? (busy.leaseLeftMs ?? NaN) : NaN;
    expect(left).toBeGreaterThan(3_000);
    expect(left).toBeLessThanOrEqual(5_000);
    expect((await attempt(other, 'orders', other.token())).status).toBe('granted');
  });

  it('is busy for the process that holds it as well', async () => {
    await granted(one, 'stock', one.token());
    expect((await attempt(one, 'stock', one.token())).status).toBe('busy');
  });

  it('grants it again when the lease has ended', async () => {
    const token = one.token();
    await granted(one, 'stock', token, { leaseMs: 60 });
    await stage().pass(61);
    await granted(other, 'stock', other.token());
    expect(await one.store.renew([{ key: 'stock', token, leaseMs: 60_000 }])).toEqual([{ status: 'fulfilled', value: false }]);
  });

  it('keys that look alike are different locks', async () => {
    const keys = ['a', 'A', 'a ', '\u00e4', 'a\u0308', '{a}', '{a}b', 'a:b', 'a*', '日本', '1'];
    for (const key of keys) await granted(one, key, one.token());
    expect(new Set(keys).size).toBe(keys.length);
  });

  describe('fences', () => {
    it('rise strictly from grant to grant, over all locks', async () => {
      const fences: number[] = [];
      for (let i = 0; i < 20; i++) {
        const process = i % 3 === 0 ? other : one;
        const token = process.token();
        fences.push(await granted(process, `key-${String(i % 4)}`, token, { reserve: 1 + (i % 5) }));
        await process.store.release({ key: `key-${String(i % 4)}`, token, keepMs: 0 });
      }
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    });

    it("start at the server's time in µs", async () => {
      const before = await stage().now();
      const fence = await granted(one, 'stock', one.token());
      expect(fence).toBeGreaterThanOrEqual(before);
      expect(fence).toBeLessThanOrEqual(await stage().now());
    });

    it('leave room for those that were reserved', async () => {
      const ahead = (await stage().now()) + 3_600e6;
      await stage().useFence(ahead);
      expect(await granted(one, 'a', one.token(), { reserve: 5 })).toBe(ahead + 1);
      expect(await granted(one, 'b', one.token())).toBe(ahead + 6);
    });

    it('go on from the last one where the clock is behind it, to the last digit', async () => {
      for (const ahead of [(await stage().now()) + 3_600e6, 2 ** 52 + 1]) {
        await stage().useFence(ahead);
        expect(await granted(one, `a${String(ahead)}`, one.token())).toBe(ahead + 1);
        expect(await granted(one, `b${String(ahead)}`, one.token())).toBe(ahead + 2);
      }
    });
  });

  describe('an attempt that arrives late', () => {
    it('is stale after its deadline, and takes nothing', async () => {
      const late = { key: 'stock', token: one.token(), leaseMs: 60_000, deadlineMs: -1 };
      expect(await stage().arrive(late)).toBe('stale');
      expect((await one.store.inspect('stock')).owner).toBeUndefined();
      expect(await stage().arrive({ ...late, deadlineMs: 1_000 })).toBe('granted');
    });

    it('is cancelled where it was taken back before, and takes nothing', async () => {
      const token = one.token();
      await one.store.cancel('stock', token);
      expect(await stage().arrive({ key: 'stock', token, leaseMs: 60_000, deadlineMs: 1_000 })).toBe('cancelled');
      expect(await attempt(one, 'stock', token)).toEqual({ status: 'void' });
      expect((await one.store.inspect('stock')).owner).toBeUndefined();
      expect((await attempt(one, 'stock', one.token())).status).toBe('granted');
    });

    it('does not stand in line either', async () => {
      const token = one.token();
      await granted(other, 'stock', token);
      const mine = one.token();
      await one.store.cancel('stock', mine);
      const late = { key: 'stock', token: mine, leaseMs: 60_000, queues: true };
      expect(await stage().arrive({ ...late, deadlineMs: 1_000 })).toBe('cancelled');
      expect(await stage().arrive({ ...late, deadlineMs: -1 })).toBe('stale');
      expect((await one.store.inspect('stock')).waiting).toEqual([]);
    });

    it('finds no tombstone any more long after its deadline', async () => {
      const token = one.token();
      await one.store.cancel('stock', token);
      await stage().pass(2 * COMMAND_TIMEOUT + 1);
      expect(await stage().arrive({ key: 'stock', token, leaseMs: 60_000, deadlineMs: 1_000 })).toBe('granted');
    });

    it('is cancelled whatever else was taken back, or waits', async () => {
      const tokens = [one.token(), one.token(), one.token()];
      const holder = other.token();
      await granted(other, 'stock', holder);
      for (const token of tokens) await one.store.cancel('stock', token);
      await attempt(one, 'stock', one.token(), { queue: { graceMs: 1, since: undefined } });
      await stage().pass(2);
      await other.store.release({ key: 'stock', token: holder, keepMs: 0 });
      for (const token of tokens) {
        expect(await stage().arrive({ key: 'stock', token, leaseMs: 60_000, deadlineMs: 1_000 })).toBe('cancelled');
      }
    });
  });
}
