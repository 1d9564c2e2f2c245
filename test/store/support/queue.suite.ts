import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type { HeartbeatReply } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { attempt, granted } from './grants.suite.js';
import { describePlaces } from './places.suite.js';
import { COMMAND_TIMEOUT, LIVE_MS, type StoreProcess, type StoreStage } from './store-stage.js';

const LEASE_MS = 60_000;
const GRACE_MS = 5_000;
const queue = { graceMs: GRACE_MS, since: undefined };

/** The queue: order, hand-over, liveness, heartbeats, places. */
export function describeQueue(stage: () => StoreStage): void {
  describe('line', () => describeLine(stage));
  describe('places', () => describePlaces(stage));
}

function describeLine(stage: () => StoreStage): void {
  let holder: StoreProcess;
  let token: string;
  let waiters: [StoreProcess, StoreProcess, StoreProcess];

  beforeEach(async () => {
    holder = await stage().connect();
    waiters = [await stage().connect(), await stage().connect(), await stage().connect()];
    token = holder.token();
    await granted(holder, 'stock', token);
  });

  /** Stands in line; returns the token and when its process first queued. */
  async function stand(process: StoreProcess, since?: number): Promise<{ mine: string; since: number; isHead: boolean }> {
    const mine = process.token();
    // Nobody comes at the same microsecond as the one before.
    await stage().pass(1);
    const reply = await attempt(process, 'stock', mine, { queue: { graceMs: GRACE_MS, since } });
    if (reply.status !== 'queued') throw new Error(reply.status);
    return { mine, since: reply.since, isHead: reply.isHead };
  }

  function beat(process: StoreProcess, current: string, next: string = process.token(), since?: number): Promise<HeartbeatReply> {
    return process.store.heartbeat({
      key: 'stock',
      current,
      token: next,
      leaseMs: LEASE_MS,
      graceMs: GRACE_MS,
      since,
      sent: systemClock.now(),
    });
  }

  async function release(of: string): Promise<string | undefined> {
    await holder.store.release({ key: 'stock', token: of, keepMs: 0 });
    return (await holder.store.inspect('stock')).owner;
  }

  async function waiting(): Promise<readonly string[]> {
    return (await holder.store.inspect('stock')).waiting;
  }

  const nameOf = ({ name }: StoreProcess): string => name;

  /** A process that is not there any more stands in line. */
  async function standDead(queues: true | 'unsubscribed' = true): Promise<string> {
    const mine = `${'dead'.padEnd(12, String(Math.random()).slice(2))}.${'x'.repeat(22)}`;
    expect(await stage().arrive({ key: 'stock', token: mine, leaseMs: GRACE_MS, deadlineMs: 1_000, queues })).toBe('queued');
    return mine;
  }

  it('is served in the order of its coming, each for a short while', async () => {
    const stood = [];
    for (const waiter of waiters) stood.push(await stand(waiter));
    expect(stood.map(({ isHead }) => isHead)).toEqual([true, false, false]);
    expect(await waiting()).toEqual(waiters.map(nameOf));
    let owner = token;
    for (const { mine } of stood) {
      expect(await release(owner)).toBe((owner = mine));
      expect((await holder.store.inspect('stock')).leaseLeftMs).toBeLessThanOrEqual(GRACE_MS);
    }
    expect(await waiting()).toEqual([]);
    expect(await release(owner)).toBeUndefined();
  });

  it('keeps the place of a process that queues anew', async () => {
    const first = await stand(waiters[0]);
    await stand(waiters[1]);
    await waiters[0].store.cancel('stock', first.mine);
    expect(await waiting()).toEqual([waiters[1].name]);
    const again = await stand(waiters[0], first.since);
    expect(again).toMatchObject({ since: first.since, isHead: true });
    expect(await release(token)).toBe(again.mine);
  });

  it('is not overtaken: whoever finds the lock free hands it to the head', async () => {
    await holder.store.extend({ key: 'stock', token, leaseMs: 100 });
    const { mine } = await stand(waiters[0]);
    await stage().pass(101);
    expect((await attempt(waiters[1], 'stock', waiters[1].token())).status).toBe('busy');
    expect((await holder.store.inspect('stock')).owner).toBe(mine);
  });

  it('tells the next one whether others wait', async () => {
    const stood = [await stand(waiters[0]), await stand(waiters[1])];
    await release(token);
    expect(await beat(waiters[0], stood[0]?.mine ?? '')).toMatchObject({ status: 'granted', others: true });
    await release(stood[0]?.mine ?? '');
    expect(await beat(waiters[1], stood[1]?.mine ?? '')).toMatchObject({ status: 'granted', others: false });
  });

  it('cancel and leave go out of it', async () => {
    const stood = [await stand(waiters[0]), await stand(waiters[1]), await stand(waiters[2])];
    await waiters[0].store.leave('stock', stood[0]?.mine ?? '');
    await waiters[1].store.cancel('stock', stood[1]?.mine ?? '');
    expect(await waiting()).toEqual([waiters[2].name]);
    expect(await release(token)).toBe(stood[2]?.mine);
  });

  it('a token that left may stand in line again, one that was cancelled may not', async () => {
    const { mine } = await stand(waiters[0]);
    await waiters[0].store.leave('stock', mine);
    expect((await attempt(waiters[0], 'stock', mine, { queue })).status).toBe('queued');
    await waiters[0].store.cancel('stock', mine);
    expect(await attempt(waiters[0], 'stock', mine, { queue })).toEqual({ status: 'void' });
  });

  describe('a release with a token to queue', () => {
    const next = (mine: string) => ({ token: mine, leaseMs: LEASE_MS, graceMs: GRACE_MS, sent: systemClock.now() });

    it('is granted it in the reply, with the whole lease, where nobody else waits', async () => {
      const mine = holder.token();
      const reply = await holder.store.release({ key: 'stock', token, keepMs: 0, next: next(mine) });
      expect(reply).toMatchObject({ released: true, next: { status: 'granted', token: mine, others: false } });
      expect((await holder.store.inspect('stock')).leaseLeftMs).toBeGreaterThan(GRACE_MS);
      expect(holder.granted).toEqual([]);
    });

    it('stands behind those who wait already', async () => {
      const { mine } = await stand(waiters[0]);
      const again = holder.token();
      const reply = await holder.store.release({ key: 'stock', token, keepMs: 0, next: next(again) });
      expect(reply).toMatchObject({ released: true, next: { status: 'queued', token: again, isHead: true } });
      expect((await holder.store.inspect('stock')).owner).toBe(mine);
      expect(await release(mine)).toBe(again);
    });

    it('hands the lock over and puts nothing in line where the token arrives late', async () => {
      const { mine } = await stand(waiters[0]);
      for (const [of, owner] of [
        [token, mine],
        [mine, undefined],
      ] as const) {
        const late = { key: 'stock', of, token: holder.token(), leaseMs: LEASE_MS, deadlineMs: -1 };
        expect(await stage().arriveRelease(late)).toEqual({ released: true, next: undefined });
        expect(await holder.store.inspect('stock')).toMatchObject({ owner, waiting: [] });
      }
    });

    it('puts nothing in line where the lock was not the token’s, or the token was cancelled', async () => {
      const mine = holder.token();
      expect(await holder.store.release({ key: 'stock', token: holder.token(), keepMs: 0, next: next(mine) })).toEqual({
        released: false,
        next: undefined,
      });
      await holder.store.cancel('stock', mine);
      expect(await holder.store.release({ key: 'stock', token, keepMs: 0, next: next(mine) })).toEqual({ released: true, next: undefined });
      expect(await waiting()).toEqual([]);
    });
  });

  describe('a process that has ended', () => {
    it('is passed over at once, and again, until it is forgotten', async () => {
      await standDead();
      const stood = [await stand(waiters[0]), await stand(waiters[1])];
      expect(await release(token)).toBe(stood[0]?.mine);
      expect(await release(stood[0]?.mine ?? '')).toBe(stood[1]?.mine);
      expect(await release(stood[1]?.mine ?? '')).toBeUndefined();
      expect((await attempt(holder, 'stock', holder.token())).status).toBe('granted');
    });

    it('costs its short lease where its subscription was not known to work', async () => {
      const dead = await standDead('unsubscribed');
      await stand(waiters[0]);
      expect(await release(token)).toBe(dead);
    });

    it('is no longer in line when it was not heard of for a while', async () => {
      await standDead('unsubscribed');
      await stage().pass(LIVE_MS + 1);
      const { mine } = await stand(waiters[0]);
      expect(await waiting()).toEqual([waiters[0].name]);
      expect(await release(token)).toBe(mine);
    });
  });

  describe('a heartbeat', () => {
    it('keeps the place', async () => {
      const { mine, since } = await stand(waiters[0]);
      for (let i = 0; i < 3; i++) {
        await stage().pass(0.6 * LIVE_MS);
        expect(await beat(waiters[0], mine)).toMatchObject({ status: 'queued', token: mine, since, isHead: true });
      }
      expect(await release(token)).toBe(mine);
    });

    it('finds a grant that its process was not told of, and prolongs it', async () => {
      const { mine } = await stand(waiters[0]);
      await release(token);
      expect(await beat(waiters[0], mine)).toMatchObject({ status: 'granted', token: mine });
      expect((await holder.store.inspect('stock')).leaseLeftMs).toBeGreaterThan(GRACE_MS);
    });

    it('takes a lock whose lease ran out, and hands it to the head where that is another one', async () => {
      await holder.store.extend({ key: 'stock', token, leaseMs: 100 });
      const [first, second] = [await stand(waiters[0]), await stand(waiters[1])];
      await stage().pass(101);
      expect(await beat(waiters[1], second.mine)).toMatchObject({ status: 'queued', token: second.mine });
      expect((await holder.store.inspect('stock')).owner).toBe(first.mine);
    });

    it('queues anew where the entry is gone, with a token of its own and in its old place', async () => {
      const [first, second] = [await stand(waiters[0]), await stand(waiters[1])];
      await waiters[0].store.leave('stock', first.mine);
      const next = waiters[0].token();
      expect(await beat(waiters[0], first.mine, next, first.since)).toMatchObject({
        status: 'queued',
        token: next,
        since: first.since,
        isHead: true,
      });
      expect(await release(token)).toBe(next);
      expect(await release(next)).toBe(second.mine);
    });

    it('leaves one entry of its process, whatever other token it stood with', async () => {
      await stand(waiters[0]);
      const next = waiters[0].token();
      expect(await beat(waiters[0], waiters[0].token(), next)).toMatchObject({ status: 'queued', token: next });
      expect(await waiting()).toEqual([waiters[0].name]);
      expect(await release(token)).toBe(next);
    });

    it('does not queue while its process holds the lock, and says by what token', async () => {
      expect(await beat(holder, holder.token())).toEqual(expect.objectContaining({ status: 'own', token }));
      expect(await waiting()).toEqual([]);
    });

    it('does not queue with a token that was cancelled', async () => {
      const next = waiters[0].token();
      await waiters[0].store.cancel('stock', next);
      expect(await beat(waiters[0], waiters[0].token(), next)).toEqual({ status: 'void' });
      expect(await waiting()).toEqual([]);
    });

    it('brings back who was passed over: it is not passed over a second time', async () => {
      const dead = await standDead();
      const { mine } = await stand(waiters[0]);
      expect(await release(token)).toBe(mine);
      const deaf: StoreProcess = { ...waiters[1], token: () => `${dead.split('.')[0] ?? ''}.${'y'.repeat(22)}` };
      expect(await beat(deaf, dead)).toMatchObject({ status: 'queued', token: dead, isHead: true });
      expect(await release(mine)).toBe(dead);
      expect(await beat(deaf, dead)).toMatchObject({ status: 'granted', token: dead });
    });
  });

  describe('a confirmation', () => {
    it('prolongs the lease, never shortens it, and reserves fences above all before', async () => {
      const { mine } = await stand(waiters[0]);
      await release(token);
      const first = await waiters[0].store.confirm({ key: 'stock', token: mine, leaseMs: LEASE_MS, reserve: 10 });
      expect(first).toMatchObject({ others: false });
      expect((await holder.store.inspect('stock')).leaseLeftMs).toBeGreaterThan(GRACE_MS);
      const second = await waiters[0].store.confirm({ key: 'stock', token: mine, leaseMs: 10, reserve: 1 });
      expect(second?.fence).toBeGreaterThanOrEqual((first?.fence ?? NaN) + 10);
      expect((await holder.store.inspect('stock')).leaseLeftMs).toBeGreaterThan(GRACE_MS);
    });

    it('tells that others wait, and that the lock is somebody else’s', async () => {
      await stand(waiters[0]);
      expect(await holder.store.confirm({ key: 'stock', token, leaseMs: LEASE_MS, reserve: 1 })).toMatchObject({ others: true });
      await release(token);
      expect(await holder.store.confirm({ key: 'stock', token, leaseMs: LEASE_MS, reserve: 1 })).toBeUndefined();
    });
  });

  it('nothing is left of it a while after the last process was heard of', async () => {
    for (const waiter of waiters) await stand(waiter);
    await release(token);
    await stage().pass(Math.max(LIVE_MS, GRACE_MS, 2 * COMMAND_TIMEOUT) + 1);
    expect(await holder.store.inspect('stock')).toMatchObject({ owner: undefined, waiting: [] });
  });
}
