import type { Fate } from './support/steered-store.js';
import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

const SLOW: Fate = { kind: 'slow', ms: 20 };

describe('a lock that is passed on within a process', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  it('is not cancelled when an old heartbeat is told that the process owns it', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    const waiting = await stage.wait(here);
    here.store.fates = { heartbeat: { kind: 'late', ms: 300 } };
    await stage.clock.advance(510);
    await stage.clock.run(theirs.release());
    await stage.clock.run((await stage.clock.run(waiting.entering)).release());
    // The line of that heartbeat is gone; it arrives at 800, while the next line passes the lock on.
    const first = await stage.hold(here, { ttl: '30s', renew: false });
    const next = await stage.wait(here, { ttl: '30s', renew: false });
    const rival = await stage.wait(there, { ttl: '30s' });
    const token = stage.owner;
    await stage.clock.advance(285);
    here.store.fates = { confirm: SLOW };
    await first.release();
    await stage.clock.advance(15);
    expect(stage.owner).toBe(token);
    expect(await stage.overlapMs(20, next, rival)).toBe(0);
    expect([next.lock?.isHeld, rival.lock, stage.owner]).toEqual([true, undefined, token]);
    expect(here.store.namesSince(0)).not.toContain('cancel');
  });

  it('has rising fences where an older answer comes after a newer one', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    const fences: number[] = [];
    const sections = Array.from({ length: 6 }, () =>
      here.locks.withLock('stock', { wait: '20s', ttl: '10s' }, async ({ fence }) => {
        fences.push(fence);
        await stage.clock.sleep(10);
      }),
    );
    await stage.clock.settle();
    here.store.fates = { confirm: { kind: 'slow', ms: 25 } };
    await stage.clock.run(theirs.release());
    await stage.clock.settle();
    here.store.fates = {};
    await stage.clock.run(Promise.all(sections));
    expect(fences).toHaveLength(6);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });
});
