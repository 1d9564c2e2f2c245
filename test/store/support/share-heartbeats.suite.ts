import type { HeartbeatReply } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, permitOf } from './shared-key.js';
import { LIVE_MS, type StoreProcess, type StoreStage } from './store-stage.js';

/** Heartbeats of those who wait for shares: what they keep, and what they find. */
export function describeShareHeartbeats(stage: () => StoreStage): void {
  let lock: SharedKey;
  let holder: StoreProcess;
  let waiter: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    [holder, waiter, other] = [await stage().connect(), await stage().connect(), await stage().connect()];
  });

  function fenceOf(reply: HeartbeatReply): number {
    if (reply.status !== 'granted') throw new Error(reply.status);
    return reply.fence;
  }

  describe.each([
    ['readers', READING, ALONE],
    ['permits', permitOf(1), permitOf(1)],
  ] as const)('%s', (_name, sharing, held) => {
    let token: string;

    beforeEach(async () => {
      ({ token } = await lock.take(holder, held));
    });

    it('keep their place', async () => {
      const queued = await lock.stand(waiter, sharing);
      for (let i = 0; i < 2; i++) {
        await stage().pass(0.6 * LIVE_MS);
        expect(await lock.beat(waiter, sharing, queued.token)).toMatchObject({ ...queued, status: 'queued' });
      }
      await lock.release(token, held);
      expect(await lock.holders()).toEqual([queued.token]);
    });

    it('find a grant that they were not told of, and prolong it, and never shorten it', async () => {
      const queued = await lock.stand(waiter, sharing);
      await lock.release(token, held);
      await lock.heard(waiter);
      let fence = waiter.granted.find(({ key }) => key === 'stock')?.fence ?? NaN;
      for (const leaseMs of [LEASE_MS, 10]) {
        const reply = await lock.beat(waiter, sharing, queued.token, { leaseMs });
        expect(reply).toMatchObject({ status: 'granted', token: queued.token, shares: 1, others: false });
        expect(fenceOf(reply)).toBeGreaterThan(fence);
        fence = fenceOf(reply);
        expect(await lock.leftOf(queued.token)).toBeGreaterThan(GRACE_MS);
        expect(await lock.left()).toBeGreaterThan(GRACE_MS);
      }
      expect(await lock.holders()).toEqual([queued.token]);
    });

    it('queue anew where the entry is gone, with a token of their own and in their old place', async () => {
      const queued = [await lock.stand(waiter, sharing), await lock.stand(other, sharing)];
      await lock.leave(queued[0]?.token ?? '', sharing);
      const next = waiter.token();
      const again = { token: next, since: queued[0]?.since ?? NaN };
      expect(await lock.beat(waiter, sharing, queued[0]?.token ?? '', again)).toMatchObject({ status: 'queued', ...again, isHead: true });
      expect((await lock.stored()).waiting).toEqual([waiter.name, other.name]);
    });

    it('are in line again after the server lost its data, and get the lock where it is free', async () => {
      const [first, second] = [await lock.stand(waiter, sharing), await lock.stand(other, sharing)];
      await stage().loseData();
      const again = await lock.take(holder, held);
      const [mine, theirs] = [waiter.token(), other.token()];
      expect(await lock.beat(other, sharing, second.token, { ...second, token: theirs })).toMatchObject({
        status: 'queued',
        token: theirs,
      });
      expect(await lock.beat(waiter, sharing, first.token, { ...first, token: mine })).toMatchObject({
        status: 'queued',
        token: mine,
        isHead: true,
      });
      await stage().loseData();
      const reply = await lock.beat(waiter, sharing, mine, { token: first.token });
      expect(reply).toMatchObject({ status: 'granted', token: first.token, shares: 1 });
      expect(fenceOf(reply)).toBeGreaterThan(again.fence);
      expect(await lock.leftOf(first.token)).toBeGreaterThan(GRACE_MS);
    });

    it('leave one entry of their process, whatever other token it stood with', async () => {
      await lock.stand(waiter, sharing);
      const next = waiter.token();
      expect(await lock.beat(waiter, sharing, waiter.token(), { token: next })).toMatchObject({
        status: 'queued',
        token: next,
        isHead: true,
      });
      expect((await lock.stored()).waiting).toEqual([waiter.name]);
      await lock.release(token, held);
      expect(await lock.holders()).toEqual([next]);
    });

    it.each(['cancel', 'leave'] as const)('%s of one of two entries of a process leaves the other one alive', async (end) => {
      const [first, second] = [await lock.stand(waiter, sharing), await lock.stand(waiter, sharing)];
      await lock[end](first.token, sharing);
      expect((await lock.stored()).waiting).toEqual([waiter.name]);
      await lock.release(token, held);
      expect(await lock.holders()).toEqual([second.token]);
    });

    it('do not queue with a token that was cancelled', async () => {
      const next = waiter.token();
      await lock.cancel(next, sharing);
      expect(await lock.beat(waiter, sharing, waiter.token(), { token: next })).toEqual({ status: 'void' });
      expect((await lock.stored()).waiting).toEqual([]);
    });

    it('that arrive late do nothing', async () => {
      const queued = await lock.stand(waiter, sharing);
      const late = { key: 'stock', leaseMs: LEASE_MS, deadlineMs: -1, sharing };
      expect(await stage().arriveHeartbeat({ ...late, current: other.token(), token: other.token() })).toBe('stale');
      expect((await lock.stored()).waiting).toEqual([waiter.name]);
      await lock.release(token, held);
      expect(await stage().arriveHeartbeat({ ...late, current: queued.token, token: waiter.token() })).toBe('stale');
      expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS);
    });

    it('bring back who was passed over, and that one is not passed over a second time', async () => {
      const dead = await lock.standDead(sharing);
      const queued = await lock.stand(waiter, sharing);
      await lock.release(token, held);
      expect(await lock.holders()).toEqual([queued.token]);
      const deaf: StoreProcess = { ...other, token: () => `${dead.split('.')[0] ?? ''}.${'y'.repeat(22)}` };
      const blocked = sharing.kind === 'read' ? await lock.stand(other, ALONE) : undefined;
      expect(await lock.beat(deaf, sharing, dead)).toMatchObject({ status: 'queued', token: dead, isHead: true });
      if (blocked === undefined) await lock.release(queued.token, sharing);
      else await lock.leave(blocked.token, ALONE);
      expect(await lock.holders()).toContain(dead);
      expect(await lock.beat(deaf, sharing, dead)).toMatchObject({ status: 'granted', token: dead });
    });

    it('find what lapsed, and give it to who came first', async () => {
      const [first, second] = [await lock.stand(waiter, sharing), await lock.stand(other, sharing)];
      await lock.extend(token, held, 100);
      await stage().pass(101);
      const reply = await lock.beat(other, sharing, second.token);
      if (sharing.kind === 'read') {
        expect(reply).toMatchObject({ status: 'granted', token: second.token });
        expect(await lock.holders()).toEqual([first.token, second.token].sort());
      } else {
        expect(reply).toMatchObject({ status: 'queued', token: second.token, isHead: true });
        expect(await lock.holders()).toEqual([first.token]);
      }
      await lock.heard(waiter);
      expect(waiter.granted).toMatchObject([{ token: first.token, kind: sharing.kind }]);
    });
  });

  it('say for how many callers their process waits by now', async () => {
    const { token } = await lock.take(holder, ALONE);
    const queued = await lock.stand(waiter, READING, { count: 2 });
    for (const count of [5, 4]) {
      expect(await lock.beat(waiter, READING, queued.token, { count })).toMatchObject({ ...queued, status: 'queued' });
    }
    expect((await lock.stored()).waiting).toEqual([waiter.name]);
    await lock.release(token, ALONE);
    expect(await lock.holders()).toHaveLength(4);
    expect(await lock.beat(waiter, READING, queued.token)).toMatchObject({ status: 'granted', token: queued.token, shares: 4 });
    await lock.heard(waiter);
    expect(waiter.granted).toMatchObject([{ token: queued.token, shares: 4 }]);
  });

  it('of a permit that is waited for say when the first of those held lapses', async () => {
    await lock.take(holder, permitOf(2), { leaseMs: 40_000 });
    await lock.take(holder, permitOf(2), { leaseMs: 20_000 });
    const { token } = await lock.stand(waiter, permitOf(2));
    const reply = await lock.beat(waiter, permitOf(2), token);
    const left = reply.status === 'queued' ? (reply.leaseLeftMs ?? NaN) : NaN;
    expect(left).toBeGreaterThan(15_000);
    expect(left).toBeLessThanOrEqual(20_000);
  });

  it('find a permit that lapsed while another one is held', async () => {
    const { token } = await lock.take(holder, permitOf(2));
    await lock.take(holder, permitOf(2), { leaseMs: 150 });
    const queued = await lock.stand(waiter, permitOf(2));
    await stage().pass(151);
    expect(await lock.beat(waiter, permitOf(2), queued.token)).toMatchObject({ status: 'granted', token: queued.token, shares: 1 });
    expect(await lock.holders()).toEqual([token, queued.token].sort());
  });

  it('find that the writer a reader waits for has ended', async () => {
    const { token } = await lock.take(holder, READING);
    await lock.standDead(ALONE, 'unsubscribed');
    const queued = await lock.stand(waiter, READING);
    await stage().pass(0.6 * LIVE_MS);
    expect(await lock.beat(waiter, READING, queued.token)).toMatchObject({ status: 'queued' });
    await stage().pass(0.6 * LIVE_MS);
    expect(await lock.beat(waiter, READING, queued.token)).toMatchObject({ status: 'granted', token: queued.token });
    expect(await lock.holders()).toEqual([token, queued.token].sort());
  });

  it.each([
    [READING, ALONE],
    [ALONE, READING],
  ])('a process in both lines stays in one when it leaves the other: %j', async (left, stays) => {
    const { token } = await lock.take(holder, ALONE);
    const queued = [await lock.stand(waiter, left), await lock.stand(waiter, stays)].map((entry) => entry.token);
    await lock.leave(queued[0] ?? '', left);
    expect((await lock.stored()).waiting).toEqual([waiter.name]);
    expect(await lock.beat(waiter, stays, queued[1] ?? '', { token: other.token() })).toMatchObject(
      stays === ALONE ? { status: 'queued', token: queued[1] } : { status: 'queued', token: queued[1], isHead: true },
    );
    await lock.release(token, ALONE);
    expect(await lock.holders()).toEqual([queued[1]]);
  });

  it.each([ALONE, READING, permitOf(2)])('with a cancelled token leave the entry of their process: %j', async (sharing) => {
    const { token } = await lock.take(holder, sharing?.kind === 'permit' ? sharing : ALONE, { count: 2 });
    const queued = await lock.stand(waiter, sharing);
    const next = waiter.token();
    await lock.cancel(next, sharing);
    expect(await lock.beat(waiter, sharing, waiter.token(), { token: next })).toEqual({ status: 'void' });
    expect(await lock.beat(waiter, sharing, queued.token)).toMatchObject({ status: 'queued', token: queued.token });
    await lock.cancel(token, sharing?.kind === 'permit' ? sharing : ALONE);
    expect(await lock.holders()).toEqual([queued.token]);
  });

  it('since is a time of the server', async () => {
    const before = await stage().now();
    const { token } = await lock.take(holder, ALONE);
    const queued = [await lock.stand(waiter, READING), await lock.stand(other, ALONE)];
    const reply = await lock.beat(waiter, READING, token, { token: queued[0]?.token ?? '' });
    const after = await stage().now();
    for (const since of [...queued.map((entry) => entry.since), reply.status === 'queued' ? reply.since : NaN]) {
      expect(since).toBeGreaterThanOrEqual(before);
      expect(since).toBeLessThanOrEqual(after);
    }
  });
}
