import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

describe('a lock that holdAtLeast keeps after its release stays in place although', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  async function expectKept(token: string | undefined, ms: number): Promise<void> {
    await stage.clock.settle();
    expect(stage.owner).toBe(token);
    await stage.clock.advance(ms);
    expect(await there.locks.tryAcquire('stock')).toBeNull();
    await stage.clock.advance(100);
    expect(await there.locks.tryAcquire('stock')).not.toBeNull();
  }

  it('a late message names its token', async () => {
    here.store.keepMessages();
    const theirs = await stage.hold(there, { ttl: '30s' });
    const waiting = await stage.wait(here, { holdAtLeast: '10s' });
    await stage.clock.advance(495);
    await stage.clock.run(theirs.release());
    const mine = await stage.clock.run(waiting.entering);
    const token = stage.owner;
    expect(await stage.clock.run(mine.release())).toBe('released');
    here.store.deliverMessages();
    await expectKept(token, 9_950);
  });

  it('a message that names its token comes a second time', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    const waiting = await stage.wait(here, { holdAtLeast: '10s' });
    await stage.clock.run(theirs.release());
    const mine = await stage.clock.run(waiting.entering);
    await stage.clock.run(mine.release());
    const token = stage.owner;
    here.store.repeatMessages();
    await expectKept(token, 9_950);
  });

  it('a heartbeat of the next caller is told that the process owns it', async () => {
    const mine = await stage.hold(here, { holdAtLeast: '10s' });
    const next = await stage.wait(here, { holdAtLeast: '10s' });
    await stage.clock.run(mine.release());
    const token = stage.owner;
    expect(stage.waiting).toEqual([here.name]);
    // Until the server has forgotten that the process waits.
    here.store.steerAll({ kind: 'refused' });
    await stage.clock.advance('3s');
    here.store.fates = {};
    await stage.clock.advance(600);
    expect(stage.owner).toBe(token);
    await stage.clock.advance('6.3s');
    expect([stage.owner, next.lock]).toEqual([token, undefined]);
    await stage.clock.advance(700);
    expect(next.lock?.isHeld).toBe(true);
    expect(stage.owner).not.toBe(token);
  });
});
