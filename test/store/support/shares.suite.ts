import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

const KINDS: Readonly<Record<string, Sharing | undefined>> = {
  alone: ALONE,
  reading: READING,
  'one permit of two': permitOf(2),
  'one permit of three': permitOf(3),
};
const PAIRS = Object.keys(KINDS).flatMap((held) => Object.keys(KINDS).map((asked) => [held, asked] as const));
const SHARED = [
  ['readers', READING],
  ['permits', permitOf(5)],
] as const;

/** Shares: who gets one beside whom, other kinds, late and cancelled attempts. */
export function describeShares(stage: () => StoreStage): void {
  let lock: SharedKey;
  let one: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    one = await stage().connect();
    other = await stage().connect();
  });

  it('readers hold a lock together, and nobody holds it alone beside them', async () => {
    const first = await lock.take(one, READING, { leaseMs: 30_000 });
    const second = await lock.take(other, READING);
    expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: READING, foreignType: undefined, waiting: [] });
    expect(await lock.holders()).toEqual([first.token, second.token].sort());
    const busy = await lock.ask(one, ALONE);
    expect(busy).toMatchObject({ status: 'busy', leaseLeftMs: expect.any(Number) as number });
    expect(await lock.left()).toBeGreaterThan(30_000);

    expect((await lock.release(first.token, READING)).released).toBe(true);
    expect((await lock.ask(one, ALONE)).status).toBe('busy');
    expect((await lock.release(second.token, READING)).released).toBe(true);
    expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: undefined, shares: [], leaseLeftMs: undefined });
    await lock.take(one, ALONE);
  });

  it('nobody reads while somebody holds it alone', async () => {
    const { token } = await lock.take(one, ALONE);
    for (const process of [one, other]) expect((await lock.ask(process, READING)).status).toBe('busy');
    await lock.release(token, ALONE);
    await lock.take(other, READING);
  });

  it('there are as many permits as the limit says, whoever asks for them', async () => {
    const limit = permitOf(2);
    const first = await lock.take(one, limit);
    const second = await lock.take(other, limit);
    for (const process of [one, other]) expect((await lock.ask(process, limit)).status).toBe('busy');
    expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: limit });
    await lock.release(first.token, limit);
    const third = await lock.take(other, limit);
    expect((await lock.ask(one, limit)).status).toBe('busy');
    expect(await lock.holders()).toEqual([second.token, third.token].sort());
  });

  it.each(SHARED)('%s: several at once have tokens and fences that follow each other', async (_name, sharing) => {
    const token = one.token();
    const reply = await lock.ask(one, sharing, { token, count: 3 });
    expect(reply).toMatchObject({ status: 'granted', shares: 3 });
    expect(await lock.holders()).toEqual([token, `${token}/1`, `${token}/2`]);
    const { fence } = await lock.take(other, sharing);
    expect(fence).toBeGreaterThanOrEqual((reply.status === 'granted' ? reply.fence : NaN) + 3);
    expect((await lock.release(`${token}/1`, sharing)).released).toBe(true);
    expect(await lock.holders()).toHaveLength(3);
    expect(await lock.holders()).not.toContain(`${token}/1`);
  });

  it('who wants more permits than are free gets those', async () => {
    const limit = permitOf(3);
    expect(await lock.ask(one, limit, { count: 2 })).toMatchObject({ status: 'granted', shares: 2 });
    expect(await lock.ask(other, limit, { count: 2 })).toMatchObject({ status: 'granted', shares: 1 });
    expect((await lock.ask(other, limit, { count: 2 })).status).toBe('busy');
    const fresh = await SharedKey.open(stage(), 'fresh');
    expect(await fresh.ask(one, limit, { count: 9 })).toMatchObject({ status: 'granted', shares: 3 });
  });

  it('of busy permits it says when the first lease ends, of readers when the last does', async () => {
    const left = async (key: SharedKey, sharing: Sharing | undefined): Promise<number> => {
      const reply = await key.ask(other, sharing);
      return reply.status === 'busy' ? (reply.leaseLeftMs ?? NaN) : NaN;
    };
    const read = await SharedKey.open(stage(), 'read');
    for (const leaseMs of [20_000, 40_000, 10_000]) {
      await lock.take(one, permitOf(3), { leaseMs });
      await read.take(one, READING, { leaseMs });
    }
    expect(await left(lock, permitOf(3))).toBeGreaterThan(5_000);
    expect(await left(lock, permitOf(3))).toBeLessThanOrEqual(10_000);
    expect(await left(read, ALONE)).toBeGreaterThan(30_000);
    expect(await left(read, ALONE)).toBeLessThanOrEqual(40_000);
  });

  it('fences rise strictly over all kinds and all ways to get a lock', async () => {
    const fences: number[] = [];
    for (let i = 0; i < 12; i++) {
      const sharing = Object.values(KINDS)[i % 4];
      const count = sharing === ALONE ? 1 : 1 + (i % 3);
      const key = await SharedKey.open(stage(), `key-${String(i)}`);
      const token = one.token();
      const reply = await key.ask(one, sharing, { token, count });
      if (reply.status !== 'granted') throw new Error(reply.status);
      for (let share = 0; share < (reply.shares ?? 1); share++) fences.push(reply.fence + share);
      const waiter = await key.ask(other, sharing === ALONE ? READING : sharing, { count }, true);
      if (waiter.status === 'granted') for (let share = 0; share < (waiter.shares ?? 1); share++) fences.push(waiter.fence + share);
      await key.cancel(token, sharing);
      await lock.heard(other);
      const told = other.granted.splice(0).flatMap(({ fence, shares = 1 }) => Array.from({ length: shares }, (_, share) => fence + share));
      fences.push(...told);
    }
    expect(fences.length).toBeGreaterThan(30);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  describe('another kind than the one in use', () => {
    const fits = (held: Sharing | undefined, asked: Sharing | undefined): boolean =>
      held?.kind !== 'permit' && asked?.kind !== 'permit' ? true : JSON.stringify(held) === JSON.stringify(asked);

    it.each(PAIRS)('held: %s, asked for: %s', async (heldAs, askedAs) => {
      const [held, asked] = [KINDS[heldAs], KINDS[askedAs]];
      const { token } = await lock.take(one, held);
      for (const queues of [false, true]) {
        const reply = await lock.ask(other, asked, {}, queues);
        if (fits(held, asked)) expect(['granted', 'busy', 'queued']).toContain(reply.status);
        else expect(reply).toMatchObject({ status: 'mismatch', found: held });
      }
      if (fits(held, asked)) return;
      expect(await lock.stored()).toMatchObject({ sharing: held, waiting: [] });
      expect(await lock.holders()).toEqual([token]);
      await lock.release(token, held);
      await lock.take(other, asked);
    });

    it('fits again when the lease of the last share has ended', async () => {
      await lock.take(one, permitOf(2), { leaseMs: 100 });
      expect((await lock.ask(other, permitOf(3))).status).toBe('mismatch');
      await stage().pass(101);
      expect(await lock.ask(other, permitOf(3), { count: 3 })).toMatchObject({ status: 'granted', shares: 3 });
      expect(await lock.stored()).toMatchObject({ sharing: permitOf(3) });
    });
  });

  describe.each(SHARED)('an attempt to get shares that nobody waits for any more: %s', (_name, sharing) => {
    const arriving = () => ({ key: 'stock', token: one.token(), leaseMs: LEASE_MS, deadlineMs: 1_000, sharing });

    it('is stale after its deadline: it takes nothing, and does not stand in line', async () => {
      const late = { ...arriving(), deadlineMs: -1, queues: true };
      expect(await stage().arrive(late)).toBe('stale');
      expect(await lock.stored()).toMatchObject({ sharing: undefined, waiting: [] });
      const { token } = await lock.take(other, ALONE);
      expect(await stage().arrive(late)).toBe('stale');
      expect((await lock.stored()).waiting).toEqual([]);
      await lock.release(token, ALONE);
      expect(await stage().arrive({ ...late, deadlineMs: 1_000 })).toBe('granted');
    });

    it('is cancelled where it was taken back before it arrives', async () => {
      const attempt = arriving();
      await lock.cancel(attempt.token, sharing);
      expect(await stage().arrive({ ...attempt, count: 3 })).toBe('cancelled');
      expect(await lock.ask(one, sharing, { token: attempt.token }, true)).toEqual({ status: 'void' });
      expect((await lock.stored()).sharing).toBeUndefined();
      await lock.take(one, ALONE);
    });

    it.each(['cancel', 'leave'] as const)('%s takes back all that it was granted, and nothing of anybody else', async (end) => {
      const attempt = arriving();
      expect(await stage().arrive({ ...attempt, count: 3 })).toBe('granted');
      const { token } = await lock.take(other, sharing);
      await lock[end](one.token(), sharing);
      expect(await lock.holders()).toHaveLength(4);
      await lock[end](attempt.token, sharing);
      expect(await lock.holders()).toEqual([token]);
      for (const share of [attempt.token, `${attempt.token}/2`]) expect((await lock.release(share, sharing)).released).toBe(false);
      await lock[end](token, sharing);
      expect((await lock.stored()).leaseLeftMs).toBeUndefined();
      expect(await stage().arrive(attempt)).toBe(end === 'cancel' ? 'cancelled' : 'granted');
    });

    it('what is taken back goes to who waits for it', async () => {
      const mine = one.token();
      await lock.take(one, sharing, { token: mine, count: 5 });
      const waiter = await lock.stand(other, sharing.kind === 'read' ? ALONE : sharing);
      await lock.cancel(mine, sharing);
      await lock.heard(other);
      expect(other.granted).toMatchObject([{ key: 'stock', token: waiter.token }]);
      expect(await lock.holders()).toEqual([waiter.token]);
      expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS);
    });
  });
}
