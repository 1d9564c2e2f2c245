import { LockOptionsError } from 'nestjs-redis-lock';
import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

const THREE = { limit: 3, ttl: '30s' } as const;
const TWO = { limit: 2, ttl: '30s' } as const;

describe('a permit that is released while callers of its process wait with another limit', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  /** Waits for the store to answer: until then nobody knows that the key is in use with another limit. */
  async function waitDuringOutage(): Promise<Awaited<ReturnType<SteeredProcesses['waitForPermit']>>> {
    here.store.fates = { grant: { kind: 'refused' } };
    const waiting = await stage.waitForPermit(here, TWO);
    here.store.fates = {};
    expect(waiting.lock).toBeUndefined();
    return waiting;
  }

  it('puts none of them in line for a permit of its own limit', async () => {
    const permit = await stage.clock.run(here.locks.acquirePermit('stock', THREE));
    const waiting = await waitDuringOutage();
    expect(await stage.clock.run(permit.release())).toBe('released');
    const got = await stage.clock.run(waiting.entering);
    expect(stage.server.inspect('stock').sharing).toEqual({ kind: 'permit', limit: 2 });
    const second = await there.locks.tryAcquirePermit('stock', TWO);
    expect([got.isHeld, second?.isHeld, await there.locks.tryAcquirePermit('stock', TWO)]).toEqual([true, true, null]);
  });

  it('leaves the others theirs: whoever waits with another limit is told', async () => {
    const permit = await stage.clock.run(here.locks.acquirePermit('stock', THREE));
    const theirs = await stage.clock.run(there.locks.acquirePermit('stock', THREE));
    const waiting = await waitDuringOutage();
    expect(await stage.clock.run(permit.release())).toBe('released');
    await stage.clock.settle();
    expect([waiting.lock, stage.sharing.length]).toEqual([undefined, 1]);
    await expect(stage.clock.run(waiting.entering)).rejects.toThrow(LockOptionsError);
    expect([theirs.isHeld, stage.waiting, stage.sharing.length]).toEqual([true, [], 1]);
  });
});
