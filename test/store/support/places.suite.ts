import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type { HeartbeatReply } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { until } from '../../faults/support/until.js';
import { attempt, granted } from './grants.suite.js';
import { LIVE_MS, type StoreProcess, type StoreStage } from './store-stage.js';

const LEASE_MS = 60_000;
const GRACE_MS = 5_000;
const LATE = { key: 'stock', leaseMs: LEASE_MS, deadlineMs: -1 };

/** Places in line: late commands, several of one process, what is told. */
export function describePlaces(stage: () => StoreStage): void {
  let holder: StoreProcess;
  let token: string;
  let waiter: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    holder = await stage().connect();
    waiter = await stage().connect();
    other = await stage().connect();
    token = holder.token();
    await granted(holder, 'stock', token);
  });

  async function stand(process: StoreProcess): Promise<string> {
    const mine = process.token();
    await stage().pass(1); // Nobody comes at the same microsecond as the one before.
    expect((await attempt(process, 'stock', mine, { queue: { graceMs: GRACE_MS, since: undefined } })).status).toBe('queued');
    return mine;
  }

  function beat({ store, token: next }: StoreProcess, current: string, leaseMs = LEASE_MS, token = next()): Promise<HeartbeatReply> {
    const place = { current, token, leaseMs, graceMs: GRACE_MS, since: undefined };
    return store.heartbeat({ key: 'stock', ...place, sent: systemClock.now() });
  }

  const stored = () => holder.store.inspect('stock');
  const release = (of: string) => holder.store.release({ key: 'stock', token: of, keepMs: 0 });

  /** The lock is free, and a process that hears nothing is in line for it; its token there, and another one. */
  async function passedOver(): Promise<{ inLine: string; next: string }> {
    const name = 'deaf'.padEnd(12, String(Math.random()).slice(2));
    const [inLine, next] = [`${name}.${'x'.repeat(22)}`, `${name}.${'y'.repeat(22)}`];
    expect(await stage().arrive({ key: 'stock', token: inLine, leaseMs: GRACE_MS, deadlineMs: 1_000, queues: true })).toBe('queued');
    await release(token);
    expect((await stored()).owner).toBeUndefined();
    return { inLine, next };
  }

  describe('a heartbeat that arrives late', () => {
    const arrive = (current: string) => stage().arriveHeartbeat({ ...LATE, current, token: waiter.token() });

    it('puts nothing in line', async () => {
      expect(await arrive(waiter.token())).toBe('stale');
      expect((await stored()).waiting).toEqual([]);
    });

    it('neither takes a lock that is free nor hands it over', async () => {
      await holder.store.extend({ key: 'stock', token, leaseMs: 100 });
      const mine = await stand(waiter);
      await stage().pass(101);
      expect(await arrive(mine)).toBe('stale');
      expect((await stored()).owner).toBeUndefined();
      expect(await beat(waiter, mine)).toMatchObject({ status: 'granted', token: mine });
    });

    it('prolongs no lease', async () => {
      const mine = await stand(waiter);
      await release(token);
      expect(await arrive(mine)).toBe('stale');
      expect((await stored()).leaseLeftMs).toBeLessThanOrEqual(GRACE_MS);
    });

    it('is no sign of life', async () => {
      const mine = await stand(waiter);
      await stage().pass(0.6 * LIVE_MS);
      expect(await arrive(mine)).toBe('stale');
      await stage().pass(0.6 * LIVE_MS);
      expect((await stored()).waiting).toEqual([]);
    });
  });

  it.each(['cancel', 'leave'] as const)('%s of one of two entries of a process leaves the other one alive', async (end) => {
    const [first, second] = [await stand(waiter), await stand(waiter)];
    await waiter.store[end]('stock', first);
    expect((await stored()).waiting).toEqual([waiter.name]);
    await release(token);
    expect((await stored()).owner).toBe(second);
    await until('the waiter is told', 2_000, () => waiter.granted.length > 0);
    expect(waiter.told).toEqual([`granted ${second}`]);
  });

  it('a heartbeat of the owner has a fence above the one in the message, and never shortens the lease', async () => {
    const mine = await stand(waiter);
    await release(token);
    await until('the waiter is told', 2_000, () => waiter.granted.length > 0);
    let fence = waiter.granted[0]?.fence ?? NaN;
    for (const leaseMs of [LEASE_MS, 10]) {
      const reply = await beat(waiter, mine, leaseMs);
      if (reply.status !== 'granted') throw new Error(reply.status);
      expect([reply.token, reply.fence > fence]).toEqual([mine, true]);
      ({ fence } = reply);
    }
    expect((await stored()).leaseLeftMs).toBeGreaterThan(GRACE_MS);
  });

  it('a process that was passed over gets the lock by a heartbeat that finds it free', async () => {
    const deaf = await passedOver();
    expect(await beat(waiter, deaf.inLine, LEASE_MS, deaf.next)).toMatchObject({ status: 'granted', token: deaf.inLine, others: false });
    expect(await stored()).toMatchObject({ owner: deaf.inLine, waiting: [] });
  });

  it('others are not the process itself, whatever of it is in line', async () => {
    const own = await stand(holder);
    const confirm = (of: string) => holder.store.confirm({ key: 'stock', token: of, leaseMs: LEASE_MS, reserve: 1 });
    expect(await confirm(token)).toMatchObject({ others: false });
    expect(await beat(holder, token)).toMatchObject({ status: 'granted', others: false });
    await stand(holder);
    await release(token);
    await until('the holder is told', 2_000, () => holder.granted.length > 0);
    expect(holder.granted).toMatchObject([{ token: own, others: false }]);
    await stand(other);
    expect(await confirm(own)).toMatchObject({ others: true });
    expect(await beat(holder, own)).toMatchObject({ others: true });
  });

  it('others are not the process itself for one attempt either', async () => {
    const { next: own } = await passedOver();
    expect(await attempt(waiter, 'stock', own)).toMatchObject({ status: 'granted', others: false });
    await release(own);
    expect(await attempt(waiter, 'stock', waiter.token())).toMatchObject({ status: 'granted', others: true });
  });

  it('who loses the lock by force and is next in line hears of the loss first, and then of the grant', async () => {
    const mine = await stand(holder);
    expect(await other.store.forceRelease('stock')).toBe(true);
    await until('the holder is told', 2_000, () => holder.told.length > 1);
    expect(holder.told).toEqual([`forced ${token}`, `granted ${mine}`]);
    expect((await stored()).owner).toBe(mine);
  });
}
