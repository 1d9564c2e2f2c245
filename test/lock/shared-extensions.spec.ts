import type { Lock, LockService } from 'nestjs-redis-lock';
import { SteeredProcesses, type SteeredProcess } from './support/steered-processes.js';
import type { Fate } from './support/steered-store.js';

const TTL_MS = 20_000;
const SHORT_MS = 2_000;

const KINDS: [string, (locks: LockService) => Promise<Lock>][] = [
  ['an exclusive lock', (locks) => locks.acquire('stock', { ttl: TTL_MS })],
  ['a lock to read', (locks) => locks.acquire('stock', { mode: 'read', ttl: TTL_MS })],
  ['a permit', (locks) => locks.acquirePermit('stock', { limit: 3, ttl: TTL_MS })],
];

const FATES: [string, Fate, Fate][] = [
  ['answers', { kind: 'slow', ms: 60 }, { kind: 'slow', ms: 10 }],
  ['effects', { kind: 'late', ms: 40, answerMs: 20 }, { kind: 'slow', ms: 70 }],
  ['effects and answers', { kind: 'late', ms: 40, answerMs: 20 }, { kind: 'late', ms: 10 }],
  ['effects, the first unanswered', { kind: 'overdue', ms: 60, doneMs: 90 }, { kind: 'slow', ms: 10 }],
];

describe.each(KINDS)('two extensions of %s under way at once', (_kind, enter) => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;

  beforeEach(async () => {
    stage = new SteeredProcesses();
    here = await stage.start();
  });
  afterEach(() => stage.stop());

  /** For so many ms; returns whether it was believed for longer than the server had it at any of them. */
  async function isBelievedTooLong(lock: Lock, ms: number): Promise<boolean> {
    for (let i = 0; i < ms; i++) {
      if (lock.expiresInMs > stage.leaseLeftMs) return true;
      await stage.clock.advance(1);
    }
    return false;
  }

  it.each(FATES)('are never believed for longer than the server has it: %s in the other order', async (_what, first, second) => {
    const lock = await stage.clock.run(enter(here.locks));
    here.store.fates = { extend: first };
    const shorter = lock.extend(SHORT_MS).catch((error: unknown) => error);
    here.store.fates = { extend: second };
    const longer = lock.extend(TTL_MS);
    here.store.fates = {};
    expect(await isBelievedTooLong(lock, 150)).toBe(false);
    await stage.clock.run(Promise.all([shorter, longer]));
    // The one that was asked for last counts in the end.
    await stage.clock.advance('3s');
    expect(lock.expiresInMs).toBeGreaterThan(TTL_MS / 2);
    expect(lock.expiresInMs).toBeLessThanOrEqual(stage.leaseLeftMs);
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
    expect(await stage.clock.run(lock.release())).toBe('released');
  });

  it.each(FATES)('the second of which is the shorter one end with that one: %s in the other order', async (_what, first, second) => {
    const lock = await stage.clock.run(enter(here.locks));
    here.store.fates = { extend: first };
    const longer = lock.extend(TTL_MS).catch((error: unknown) => error);
    here.store.fates = { extend: second };
    const shorter = lock.extend(SHORT_MS);
    here.store.fates = {};
    expect(await isBelievedTooLong(lock, 150)).toBe(false);
    await stage.clock.run(Promise.all([longer, shorter]));
    expect(lock.expiresInMs).toBeLessThanOrEqual(SHORT_MS);
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
    expect(lock.expiresInMs).toBeLessThanOrEqual(SHORT_MS);
  });

  it('and a renewal, all of whose answers come at once, do not lose it: another renewal follows at once', async () => {
    const lock = await stage.clock.run(enter(here.locks));
    here.store.fates = { extend: { kind: 'late', ms: 500, answerMs: 100 } };
    const first = lock.extend(1_000);
    here.store.fates = { extend: { kind: 'slow', ms: 900 }, renew: { kind: 'slow', ms: 200 } };
    // It is renewed after a third.
    const second = lock.extend(2_100);
    expect(await isBelievedTooLong(lock, 899)).toBe(false);
    expect(here.store.namesSince(0).filter((name) => name === 'renew')).toHaveLength(1);
    here.store.fates = {};
    await stage.clock.run(Promise.all([first, second]));
    expect(await isBelievedTooLong(lock, 200)).toBe(false);
    expect(lock.isHeld).toBe(true);
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
  });

  it('the first of which takes effect behind a renewal as well are not believed, nor is that', async () => {
    const lock = await stage.clock.run(enter(here.locks));
    here.store.fates = { extend: { kind: 'late', ms: 900, answerMs: 50 } };
    const first = lock.extend(1_000);
    here.store.fates = { extend: { kind: 'slow', ms: 100 } };
    const second = lock.extend(2_100);
    here.store.fates = {};
    expect(await isBelievedTooLong(lock, 899)).toBe(false);
    expect(here.store.namesSince(0).filter((name) => name === 'renew')).toHaveLength(1);
    expect(await isBelievedTooLong(lock, 100)).toBe(false);
    await stage.clock.run(Promise.all([first, second]));
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
  });
});
