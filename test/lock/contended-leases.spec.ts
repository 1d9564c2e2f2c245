import { SteeredProcesses, type Caller, type SteeredProcess } from './support/steered-processes.js';

describe('whoever enters by a message', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;

  beforeEach(async () => {
    stage = new SteeredProcesses();
    here = await stage.start();
  });
  afterEach(() => stage.stop());

  /** The lock is handed over that long after the caller was last known to be in line. */
  async function handedOverAfter(ms: number, options: { ttl: number; renew?: boolean }, slowMs = 0): Promise<Caller> {
    const theirs = await stage.hold(await stage.start(), { ttl: '30s' });
    const waiting = await stage.wait(here, options);
    await stage.clock.advance(ms);
    if (slowMs > 0) here.store.fates = { confirm: { kind: 'slow', ms: slowMs }, renew: { kind: 'slow', ms: slowMs } };
    await stage.clock.run(theirs.release());
    return waiting;
  }

  it.each([10, 100, 300, 390, 410, 450, 499])('%s ms after it was known to wait has a third of a short lease left', async (ms) => {
    const ttl = 600;
    const waiting = await handedOverAfter(ms, { ttl, renew: false }, 100);
    const lock = await stage.clock.run(waiting.entering);
    expect(lock.expiresInMs).toBeGreaterThanOrEqual(ttl / 3);
    await stage.clock.advance(ttl / 3 - 1);
    expect(lock.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
  });

  it('with hardly any of the lease left does not lose it to a slow round trip', async () => {
    const waiting = await handedOverAfter(498, { ttl: 520 }, 20);
    const lock = await stage.clock.run(waiting.entering);
    await stage.clock.advance('2s');
    expect(lock.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
  });

  it.each([
    ['shorter than', 600],
    ['as long as', 2_000],
    ['longer than', 10_000],
  ])('has the lease confirmed at once where it is %s the one of a grant', async (_than, ttl) => {
    const waiting = await handedOverAfter(100, { ttl, renew: false });
    const before = here.store.sent.filter(({ name }) => name === 'confirm');
    const lock = await stage.clock.run(waiting.entering);
    await stage.clock.settle();
    const confirmed = here.store.sent.filter(({ name }) => name === 'confirm');
    expect([before.length, confirmed.length]).toEqual([1, 1]);
    expect(confirmed[0]?.token).toBe(stage.owner);
    expect(lock.expiresInMs).toBeGreaterThan(0.98 * ttl - 5);
    expect(stage.leaseLeftMs).toBe(ttl);
  });
});
