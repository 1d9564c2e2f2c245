import { LockStoreError, type LockOptions } from 'nestjs-redis-lock';
import { SteeredProcesses } from './support/steered-processes.js';

const REPLICAS = { min: 2, timeout: 500 };

describe('a grant that too few replicas have', () => {
  let stage: SteeredProcesses;
  beforeEach(() => (stage = new SteeredProcesses()));
  afterEach(() => stage.stop());

  it.each<[how: string, wait: LockOptions['wait'], replicas: number | undefined]>([
    ['made by one attempt', 0, 1],
    ['made by one attempt, as far as anybody knows', 0, undefined],
    ['made by a caller who would have waited', '20s', 1],
  ])('%s, lets those in who came to wait meanwhile', async (_how, wait, replicas) => {
    const here = await stage.start();
    here.store.replicas = replicas ?? Infinity;
    here.store.fates = { replicate: { kind: replicas === undefined ? 'unanswered' : 'slow', ms: 500 } };
    const failed = here.locks.acquire('stock', { wait, replicas: REPLICAS }).catch((error: unknown) => error);
    await stage.clock.settle();
    const token = stage.owner;
    const next = await stage.wait(here);
    await stage.clock.advance(499);
    expect([stage.owner, next.lock]).toEqual([token, undefined]);
    await stage.clock.advance(1);
    expect(await stage.clock.run(failed)).toBeInstanceOf(LockStoreError);
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
    expect(stage.clock.now().monotonic).toBe(500);
    expect(stage.owner).not.toBe(token);
    expect(stage.owningProcess).toBe(here.name);
  });
});
