import { LocalLocks } from '../../libs/redis-lock/src/lock/waiting/local-locks.js';
import { SteeredProcesses, type SteeredProcess } from './support/steered-processes.js';

const COHORT = 4;
const CALLERS = 40;
/** A turn lasts no longer than this once another process is known to wait, whatever its cohort. */
const TURN_MS = 10;

describe('a turn of one process', () => {
  let stage: SteeredProcesses;
  let there: SteeredProcess;

  beforeEach(async () => {
    stage = new SteeredProcesses();
    there = await stage.start();
  });
  afterEach(() => stage.stop());

  /** Callers of a process who pass the lock on among themselves; returns how many of them have been inside. */
  async function crowd({ locks }: SteeredProcess, sectionMs: number): Promise<() => number> {
    let sections = 0;
    for (let i = 0; i < CALLERS; i++) {
      const section = locks.withLock('stock', { wait: '20s', ttl: '30s' }, async () => {
        sections++;
        await stage.clock.sleep(sectionMs);
      });
      // It rejects when the stage is taken down.
      section.catch(() => undefined);
    }
    await stage.clock.settle();
    return () => sections;
  }

  it('ends after a cohort, although an answer that is older than the word of another one says that nobody waits', async () => {
    const here = await stage.start({ cohort: COHORT });
    const first = await stage.hold(here, { ttl: '30s' });
    const inside = await crowd(here, 1);
    here.store.fates = { confirm: { kind: 'slow', ms: 20 } };
    await first.release();
    await stage.clock.settle();
    // The confirmation has been carried out, and its answer is on its way.
    expect(here.store.namesSince(0).at(-1)).toBe('confirm');
    const rival = await stage.wait(there);
    const before = inside();
    await stage.clock.advance(20 + 2 * CALLERS);
    expect(rival.lock?.isHeld).toBe(true);
    expect(inside() - before).toBeLessThanOrEqual(COHORT + 1);
  });

  it.each([2, 4, 30])('ends after 10 ms where sections take %i ms', async (sectionMs) => {
    const here = await stage.start({ cohort: 32 });
    const inside = await crowd(here, sectionMs);
    await stage.clock.advance(2 * sectionMs);
    const rival = await stage.wait(there);
    const before = inside();
    await stage.clock.advance(TURN_MS + 2 * sectionMs);
    expect(rival.lock?.isHeld).toBe(true);
    expect(inside() - before).toBeLessThanOrEqual(Math.ceil(TURN_MS / sectionMs) + 1);
  });
});

it('what a process knows of a lock is forgotten once it is idle, and only then', () => {
  const locks = new LocalLocks();
  const used = locks.of('used');
  used.tries = 1;
  const idle = locks.of('idle');
  for (let i = 0; i < 1_000; i++) locks.of(`key-${String(i)}`);
  expect(locks.find('used')).toBe(used);
  expect(locks.find('idle')).not.toBe(idle);
});
