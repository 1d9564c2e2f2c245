import { LockBusyError, LockStoreError } from 'nestjs-redis-lock';
import type { SteeredProcesses, Caller, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

/** Too long for the lease that comes with a message: whoever wants it enters when the whole lease is confirmed. */
const KEPT = { mode: 'read', ttl: '30s', holdAtLeast: '10s' } as const;
const CONFIRMED_MS = 20;

describe('shares that are being confirmed before their callers enter', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  /** So many readers stand in line, and have just been told that they were served; nobody has entered. */
  async function told(count: number, options: { signal?: AbortSignal } = {}): Promise<Caller[]> {
    const writer = await stage.hold(there, { ttl: '30s' });
    const readers: Caller[] = [];
    for (let i = 0; i < count; i++) readers.push(await stage.wait(here, { ...KEPT, ...options }));
    await stage.clock.advance(100);
    here.store.fates = { renew: { kind: 'slow', ms: CONFIRMED_MS } };
    await stage.clock.run(writer.release());
    await stage.clock.settle();
    expect([stage.sharing.length, ...readers.map(({ lock }) => lock)]).toEqual([count, ...Array<undefined>(count).fill(undefined)]);
    return readers;
  }

  async function expectHeld(readers: readonly Caller[]): Promise<void> {
    expect(readers.map(({ lock }) => lock?.isHeld)).toEqual(readers.map(() => true));
    expect(stage.sharing).toHaveLength(readers.length);
    await stage.clock.advance('1m');
    expect(readers.map(({ lock }) => lock?.isHeld)).toEqual(readers.map(() => true));
    expect(stage.sharing).toHaveLength(readers.length);
  }

  it('stay when their message comes again', async () => {
    const readers = await told(3);
    await stage.clock.advance(5);
    here.store.repeatMessages();
    await stage.clock.settle();
    expect(stage.sharing).toHaveLength(3);
    await stage.clock.advance(CONFIRMED_MS);
    await expectHeld(readers);
    expect(here.store.namesSince(0)).not.toContain('cancel');
  });

  it('stay when their message comes again after that of a later grant', async () => {
    const readers = await told(2);
    const writer = await stage.wait(there, { ttl: '30s', wait: 5 });
    const later = await stage.wait(here, { mode: 'read', ttl: '30s' });
    expect(later.lock).toBeUndefined();
    await stage.clock.advance(5);
    await expect(writer.entering).rejects.toThrow(LockBusyError);
    expect([later.lock?.isHeld, ...readers.map(({ lock }) => lock)]).toEqual([true, undefined, undefined]);
    here.store.repeatMessages();
    await stage.clock.settle();
    expect(stage.sharing).toHaveLength(3);
    await stage.clock.advance(CONFIRMED_MS);
    await expectHeld([...readers, later]);
    expect(here.store.namesSince(0)).not.toContain('cancel');
  });

  it('go back at once where that fails, and their callers go on waiting', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const readers = [await stage.wait(here, KEPT), await stage.wait(here, KEPT)];
    await stage.clock.advance(100);
    here.store.fates = { renew: { kind: 'refused' } };
    await stage.clock.run(writer.release());
    await stage.clock.settle();
    expect([stage.sharing, ...readers.map(({ lock }) => lock)]).toEqual([[], undefined, undefined]);
    const rival = await stage.hold(there, { ttl: '30s' });
    await stage.clock.advance(200);
    here.store.fates = {};
    expect(readers.map(({ lock }) => lock)).toEqual([undefined, undefined]);
    await stage.clock.run(rival.release());
    await stage.clock.advance('1s');
    await expectHeld(readers);
  });

  it('leave nothing behind where that fails and the wait of their callers is over', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const reader = await stage.wait(here, { ...KEPT, wait: 150 });
    await stage.clock.advance(100);
    here.store.fates = { renew: { kind: 'unanswered', ms: 1_000 } };
    await stage.clock.run(writer.release());
    const outcome = reader.entering.catch((error: unknown) => error);
    await stage.clock.advance(50);
    expect([reader.lock, stage.sharing.length]).toEqual([undefined, 1]);
    expect(await outcome).toBeInstanceOf(LockBusyError);
    await stage.clock.advance(950);
    expect([reader.lock, stage.sharing, stage.owner]).toEqual([undefined, [], undefined]);
  });

  it('are given back when their caller has left meanwhile, and are not kept for its holdAtLeast', async () => {
    const leaving = new AbortController();
    const [reader] = await told(1, { signal: leaving.signal });
    await stage.clock.advance(5);
    leaving.abort(new Error('left'));
    await expect(reader?.entering).rejects.toThrow('left');
    await stage.clock.advance(CONFIRMED_MS);
    expect([reader?.lock, stage.sharing]).toEqual([undefined, []]);
    expect(await there.locks.tryAcquire('stock')).not.toBeNull();
  });

  it('are given back with the whole lease that they may have got, however long the store is away', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const reader = await stage.wait(here, { ...KEPT, wait: 500 });
    await stage.clock.advance(100);
    here.store.steerAll({ kind: 'refused' });
    // The whole lease is confirmed on the server, and nobody is told.
    here.store.fates = { ...here.store.fates, renew: { kind: 'unanswered', ms: 300 } };
    await stage.clock.run(writer.release());
    const outcome = reader.entering.catch((error: unknown) => error);
    expect(await stage.clock.run(outcome)).toBeInstanceOf(LockStoreError);
    await stage.clock.advance('8s');
    expect(stage.sharing).toHaveLength(1);
    here.store.fates = {};
    await stage.clock.advance(500);
    expect([stage.owner, stage.sharing]).toEqual([undefined, []]);
  });
});
