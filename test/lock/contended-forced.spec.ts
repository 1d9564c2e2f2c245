import type { SteeredProcesses, Caller, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';
import type { Fate } from './support/steered-store.js';

const SLOW: Fate = { kind: 'slow', ms: 20 };

describe('a lock that an operator releases by force is not entered', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  it('while it is passed on: the next caller gets one of its own', async () => {
    const first = await stage.hold(here, { ttl: '30s' });
    const next = await stage.wait(here, { ttl: '30s' });
    const forced = stage.owner;
    here.store.fates = { confirm: SLOW };
    await first.release();
    await stage.clock.advance(5);
    expect(next.lock).toBeUndefined();
    stage.server.forceRelease('stock');
    const lock = await stage.clock.run(next.entering);
    expect(stage.owningProcess).toBe(here.name);
    expect(stage.owner).not.toBe(forced);
    expect(lock.fence).toBeGreaterThan(first.fence);
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
    expect(await stage.clock.run(lock.release())).toBe('released');
  });

  it('while it is passed on: another process that waits comes first', async () => {
    const first = await stage.hold(here, { ttl: '30s' });
    const next = await stage.wait(here, { ttl: '30s' });
    here.store.fates = { confirm: SLOW };
    await first.release();
    const theirs = await stage.wait(there, { ttl: '30s' });
    await stage.clock.advance(5);
    stage.server.forceRelease('stock');
    expect(await stage.overlapMs(100, next, theirs)).toBe(0);
    expect([next.lock, theirs.lock?.isHeld]).toEqual([undefined, true]);
    await stage.clock.run((await stage.clock.run(theirs.entering)).release());
    const lock = await stage.clock.run(next.entering);
    expect(lock.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
  });

  it('when its message came before the answer that says who stands in line', async () => {
    const holder = await stage.start();
    const theirs = await stage.hold(holder, { ttl: '30s' });
    here.store.fates = { grant: SLOW, confirm: SLOW };
    const waiting = await stage.wait(here);
    const rival = await stage.wait(there, { ttl: '30s' });
    await expectNotEntered(waiting, rival, () => theirs.release());
  });

  /** Hands the lock over to the caller, and takes it away before the answer that lets the caller enter is here. */
  async function expectNotEntered(waiting: Caller, rival: Caller, handOver: () => Promise<unknown>): Promise<void> {
    await stage.clock.run(handOver());
    await stage.clock.settle();
    expect([stage.owningProcess, waiting.lock]).toEqual([here.name, undefined]);
    await stage.clock.advance(5);
    stage.server.forceRelease('stock');
    expect(stage.owningProcess).toBe(there.name);
    here.store.fates = {};
    expect(await stage.overlapMs(100, waiting, rival)).toBe(0);
    expect(rival.lock?.isHeld).toBe(true);
    await stage.clock.run((await rival.entering).release());
    const lock = await stage.clock.run(waiting.entering);
    await stage.clock.advance('1m');
    expect(lock.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
  }

  it('while it is confirmed before its caller enters', async () => {
    const theirs = await stage.hold(await stage.start(), { ttl: '30s' });
    const waiting = await stage.wait(here, { holdAtLeast: '10s' });
    const rival = await stage.wait(there, { ttl: '30s' });
    here.store.fates = { confirm: SLOW };
    await expectNotEntered(waiting, rival, () => theirs.release());
  });

  it('while the answer to the heartbeat that found it is on its way', async () => {
    const theirs = await stage.hold(await stage.start(), { ttl: '30s' });
    const waiting = await stage.wait(here);
    const rival = await stage.wait(there, { ttl: '30s' });
    here.store.keepMessages();
    await stage.clock.run(theirs.release());
    here.store.fates = { heartbeat: SLOW };
    await stage.clock.advance(500);
    // The message of the grant is lost, the one of the force is not.
    here.store.loseMessages();
    await expectNotEntered(waiting, rival, () => Promise.resolve());
  });

  it('while the answer to the release that queued for it is on its way', async () => {
    const alone = await stage.start({ cohort: 0 });
    const first = await stage.hold(alone, { ttl: '30s' });
    const waiting = await stage.wait(alone);
    alone.store.fates = { release: SLOW };
    const releasing = first.release();
    const rival = await stage.wait(there, { ttl: '30s' });
    here = alone;
    await expectNotEntered(waiting, rival, () => Promise.resolve());
    await releasing;
  });

  it('while the answer to the attempt that got it is on its way', async () => {
    here.store.fates = { grant: SLOW };
    const waiting = await stage.wait(here);
    const rival = await stage.wait(there, { ttl: '30s' });
    await expectNotEntered(waiting, rival, () => Promise.resolve());
  });
});
