import type { Lock, LockOptions } from 'nestjs-redis-lock';
import { SteeredProcesses, type Caller, type SteeredProcess } from './support/steered-processes.js';

describe('whether a lock is passed on within a process', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;

  beforeEach(async () => {
    stage = new SteeredProcesses();
    here = await stage.start({ cohort: 1 });
  });
  afterEach(() => stage.stop());

  /** The first caller makes one attempt and gets the lock while the second one's attempt is on its way, which therefore stands in line. */
  async function holdWithOwnEntry(): Promise<{ held: Lock; next: Caller; token: string | undefined; before: number }> {
    const trying = here.locks.tryAcquire('stock', { ttl: '30s' });
    const next = await stage.wait(here, { ttl: '30s' });
    const held = await stage.clock.run(trying);
    if (held === null) throw new Error('It was busy.');
    expect(stage.waiting).toEqual([here.name]);
    return { held, next, token: stage.owner, before: here.store.sent.length };
  }

  it('is not up to an entry of its own in line: it is', async () => {
    const { held, next, token, before } = await holdWithOwnEntry();
    await stage.clock.run(held.release());
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
    expect(stage.owner).toBe(token);
    expect(here.store.namesSince(before)).toEqual(['confirm', 'leave']);
    expect(stage.waiting).toEqual([]);
  });

  it('is up to entries of others: after its turn it goes to them', async () => {
    const { held, next, token, before } = await holdWithOwnEntry();
    const theirs = await stage.wait(await stage.start());
    await stage.clock.run(held.release());
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
    expect(stage.owner).not.toBe(token);
    expect(here.store.namesSince(before)).toContain('release');
    expect(theirs.lock).toBeUndefined();
  });

  it('maxHold bounds the lease that is asked for', async () => {
    const options: LockOptions = { ttl: '1m', maxHold: 500 };
    const first = await stage.hold(here, options);
    const next = await stage.wait(here, options);
    const token = stage.owner;
    await stage.clock.advance(100);
    await first.release();
    const lock = await stage.clock.run(next.entering);
    expect(stage.owner).toBe(token);
    expect(lock.expiresInMs).toBeGreaterThan(490);
    expect(stage.leaseLeftMs).toBeLessThan(520);

    // A release that cannot be sent leaves the lock to nobody for no longer than that.
    here.store.steerAll({ kind: 'refused' });
    lock.release().catch(() => undefined);
    await stage.clock.advance(520);
    expect(stage.owner).toBeUndefined();
  });

  it.each<[which: string, one: LockOptions, other: LockOptions, leastMs: number]>([
    ['a longer', { ttl: '1m', maxHold: 500 }, { ttl: '1m' }, 59_000],
    ['a shorter', { ttl: '1m' }, { ttl: '1m', maxHold: 500 }, 490],
  ])('not to a caller who wants %s lease', async (_which, one, other, leastMs) => {
    const first = await stage.hold(here, one);
    const next = await stage.wait(here, other);
    const token = stage.owner;
    await stage.clock.run(first.release());
    const lock = await stage.clock.run(next.entering);
    expect(stage.owner).not.toBe(token);
    expect(lock.expiresInMs).toBeGreaterThan(leastMs);
    expect(stage.leaseLeftMs).toBeLessThan(leastMs + 1_100);
  });

  it('not by somebody who lost it without knowing, while another caller of the process holds it', async () => {
    const lost = await stage.hold(here, { ttl: '30s' });
    stage.server.loseData();
    const held = await stage.clock.run(here.locks.tryAcquire('stock', { ttl: '30s' }));
    const next = await stage.wait(here, { ttl: '30s' });
    expect(await stage.clock.run(lost.release())).toBe('lost');
    await stage.clock.advance('1s');
    expect([held?.isHeld, next.lock]).toEqual([true, undefined]);
    await stage.clock.run(held?.release() ?? Promise.reject(new Error('It was busy.')));
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
  });
});
