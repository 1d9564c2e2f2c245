import { LockLostError, LockStoreError } from 'nestjs-redis-lock';
import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';
import type { Fate } from './support/steered-store.js';

const WRITE = { mode: 'write', ttl: '10s' } as const;

describe('of a downgrade', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  it('that is done, and answered when the lease as it was known is over, the share is given back at once', async () => {
    const writer = await stage.hold(here, { ...WRITE, renew: false });
    const { signal } = writer;
    await stage.clock.advance('9.5s');
    here.store.fates = { downgrade: { kind: 'slow', ms: 600 } };
    const outcome = writer.downgrade().catch((error: unknown) => error);
    const rival = await stage.wait(there, WRITE);
    await stage.clock.advance(599);
    expect([stage.sharing.length, rival.lock]).toEqual([1, undefined]);
    await stage.clock.advance(1);
    expect([stage.sharing, rival.lock?.isHeld, writer.isHeld]).toEqual([[], true, false]);
    expect(await outcome).toBeInstanceOf(LockLostError);
    expect(signal.aborted).toBe(true);
    expect(await stage.clock.run(writer.release())).toBe('lost');
    expect(stage.owningProcess).toBe(there.name);
  });

  it.each<[string, Fate]>([
    ['is done, but not answered', { kind: 'slow', ms: 20 }],
    ['has not arrived', { kind: 'late', ms: 20 }],
  ])('that %s when an operator takes the lock away, no reader comes', async (_state, fate) => {
    const writer = await stage.hold(here, WRITE);
    const { signal } = writer;
    here.store.fates = { downgrade: fate };
    const outcome = writer.downgrade().catch((error: unknown) => error);
    const rival = await stage.wait(there, WRITE);
    await stage.clock.advance(5);
    stage.server.forceRelease('stock');
    await stage.clock.settle();
    expect(rival.lock?.isHeld).toBe(true);
    await stage.clock.advance(15);
    expect(await outcome).toBeInstanceOf(LockLostError);
    expect([writer.isHeld, signal.aborted]).toEqual([false, true]);
    expect(await stage.overlapMs(50, writer, rival)).toBe(0);
    expect([stage.owningProcess, stage.sharing]).toEqual([there.name, []]);
    expect(await stage.clock.run(writer.release())).toBe('lost');
  });

  it.each<[string, Fate]>([
    ['was done', { kind: 'unanswered', ms: 1_000 }],
    ['never arrived', { kind: 'refused' }],
    ['arrives later still', { kind: 'overdue', ms: 1_000, doneMs: 1_200 }],
  ])('that is not answered, and %s, neither the lock nor a share of it stays', async (_fate, fate) => {
    const writer = await stage.hold(here, WRITE);
    const { signal } = writer;
    here.store.fates = { downgrade: fate };
    const outcome = writer.downgrade().catch((error: unknown) => error);
    const next = await stage.wait(here, WRITE);
    const reader = await stage.wait(there, { mode: 'read', ttl: '10s', renew: false });
    await stage.clock.advance(1_000);
    expect(await outcome).toBeInstanceOf(LockStoreError);
    expect([writer.isHeld, signal.aborted, signal.reason]).toEqual([false, true, expect.any(LockLostError)]);
    // Whoever waited has it, and nobody else.
    const readers = reader.lock?.isHeld === true ? 1 : 0;
    expect([stage.sharing.length, next.lock?.isHeld ?? false]).toEqual([readers, readers === 0]);
    await stage.clock.advance(500);
    if (reader.lock !== undefined) await stage.clock.run(reader.lock.release());
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
    expect([stage.owningProcess, stage.sharing]).toEqual([here.name, []]);
    expect(await stage.clock.run(writer.release())).toBe('lost');
    expect([stage.owningProcess, next.lock?.isHeld]).toEqual([here.name, true]);
  });

  it('that is not answered, whatever came meanwhile comes to nothing as well', async () => {
    here.store.fates = { downgrade: { kind: 'unanswered', ms: 1_000 } };
    const outcomes = await stage.clock.run(
      here.locks
        .withLock('stock', WRITE, async (lock) => {
          const downgrading = lock.downgrade();
          const nested = here.locks.withLock('stock', { mode: 'read' }, () => 'read');
          return Promise.allSettled([downgrading, lock.extend('20s'), nested]);
        })
        .catch((error: unknown) => (error instanceof LockLostError ? error.result : error)),
    );
    expect(outcomes).toMatchObject([
      { reason: expect.any(LockStoreError) },
      { reason: expect.any(LockLostError) },
      { reason: expect.any(LockLostError) },
    ]);
    expect([stage.owner, stage.sharing]).toEqual([undefined, []]);
  });

  it('that is done, a later loss of the share is told by the signal that there was before', async () => {
    const writer = await stage.hold(here, WRITE);
    const { signal } = writer;
    await stage.clock.run(writer.downgrade());
    expect(signal.aborted).toBe(false);
    stage.server.forceRelease('stock');
    await stage.clock.settle();
    expect([signal.aborted, writer.isHeld]).toEqual([true, false]);
  });

  it('that is done, the share is given back with any lease that it may have, however long the store is away', async () => {
    const writer = await stage.hold(here, { ...WRITE, ttl: '30s', renew: false });
    here.store.fates = { extend: { kind: 'refused' } };
    await expect(writer.extend('1s')).rejects.toThrow(LockStoreError);
    await stage.clock.run(writer.downgrade());
    here.store.steerAll({ kind: 'refused' });
    await expect(stage.clock.run(writer.release())).rejects.toThrow(LockStoreError);
    await stage.clock.advance('10s');
    expect(stage.sharing).toHaveLength(1);
    here.store.fates = {};
    await stage.clock.advance(500);
    expect(stage.sharing).toEqual([]);
  });
});
