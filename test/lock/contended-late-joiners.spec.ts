import type { Lock } from 'nestjs-redis-lock';
import type { SteeredProcesses, Caller, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

describe('callers who join while a lease of their own process ends', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  /** A caller joins after the lease was over by the clocks, and before any timer found that out. */
  async function joinLate(): Promise<{ ended: Lock; theirs: Caller; first: Caller; second: Caller; sentBefore: number }> {
    const ended = await stage.hold(here, { ttl: '10s', renew: false });
    const first = await stage.wait(here);
    const theirs = await stage.wait(there, { ttl: '30s' });
    await stage.clock.advance('9s');
    stage.clock.suspend('1s');
    const sentBefore = here.store.sent.length;
    const second = await stage.wait(here);
    return { ended, theirs, first, second, sentBefore };
  }

  async function serveAll({ ended, theirs, first, second }: Awaited<ReturnType<typeof joinLate>>): Promise<void> {
    for (const { entering } of [theirs, first, second]) await stage.clock.run((await stage.clock.run(entering)).release());
    expect(await stage.clock.run(ended.release())).toBe('lost');
  }

  it('ask for it once between them, and stand in line once', async () => {
    const joined = await joinLate();
    expect(joined.ended.isHeld).toBe(false);
    expect(here.store.namesSince(joined.sentBefore)).toEqual(['grant']);
    expect(stage.waiting).toEqual([there.name, here.name]);
    await serveAll(joined);
    expect(stage.owner).toBeUndefined();
  });

  it('are served in their order, each while the others wait', async () => {
    const joined = await joinLate();
    const { first, second } = joined;
    const theirs = await stage.clock.run(joined.theirs.entering);
    expect([first.lock, second.lock]).toEqual([undefined, undefined]);
    await stage.clock.run(theirs.release());
    await stage.clock.settle();
    expect([first.lock?.isHeld, second.lock]).toEqual([true, undefined]);
    await stage.clock.run((await first.entering).release());
    await stage.clock.settle();
    expect(second.lock?.isHeld).toBe(true);
  });

  it('leave nothing behind: nothing is sent when all have left, whoever contends later', async () => {
    await serveAll(await joinLate());
    await stage.clock.advance('1m');
    const before = here.store.sent.length;
    await stage.clock.advance('10s');
    const theirs = await stage.hold(there, { ttl: '30s' });
    const rival = await stage.start();
    const next = await stage.wait(rival);
    await stage.clock.advance('1.2s');
    expect(stage.waiting).toEqual([rival.name]);
    await stage.clock.run(theirs.release());
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
    await stage.clock.advance('1.2s');
    expect(here.store.namesSince(before)).toEqual([]);
  });
});
