import { LockOptionsError, type Lock } from 'nestjs-redis-lock';
import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';
import type { Fate } from './support/steered-store.js';

const WRITE = { mode: 'write', ttl: '10s' } as const;
const READ = { mode: 'read', ttl: '10s' } as const;
/** Both answers come after 20 ms; the readers in line begin at once, or only then. */
const UNDER_WAY: [string, Fate][] = [
  ['is done, but not answered yet', { kind: 'slow', ms: 20 }],
  ['has not arrived yet', { kind: 'late', ms: 20 }],
];

describe.each(UNDER_WAY)('while a downgrade %s', (_state, fate) => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));
  beforeEach(() => {
    here.store.fates = { downgrade: fate };
  });

  /** How often a downgrade was sent. */
  function downgrades(): number {
    return here.store.namesSince(0).filter((name) => name === 'downgrade').length;
  }

  it('a release is that of a reader: the lock is free after it', async () => {
    const writer = await stage.hold(here, WRITE);
    const rival = await stage.wait(there, WRITE);
    const downgrading = writer.downgrade();
    await stage.clock.settle();
    const releasing = writer.release();
    expect(writer.isHeld).toBe(false);
    expect(await stage.clock.run(releasing)).toBe('released');
    expect(await stage.clock.run(downgrading)).toBe(writer);
    await stage.clock.settle();
    expect([writer.isHeld, rival.lock?.isHeld, stage.sharing]).toEqual([false, true, []]);
  });

  it('a release lets no caller of the same process write beside the readers of others', async () => {
    const writer = await stage.hold(here, WRITE);
    const reader = await stage.wait(there, READ);
    const next = await stage.wait(here, WRITE);
    const downgrading = writer.downgrade();
    await stage.clock.settle();
    const releasing = writer.release();
    expect(await stage.overlapMs(50, reader, next)).toBe(0);
    expect([await downgrading, await releasing]).toEqual([writer, 'released']);
    expect([reader.lock?.isHeld, next.lock]).toEqual([true, undefined]);
    await stage.clock.run((await reader.entering).release());
    await stage.clock.run(next.entering);
    expect([next.lock?.isHeld, stage.owningProcess]).toEqual([true, here.name]);
  });

  it('an extension is one of the share, and loses nothing', async () => {
    const writer = await stage.hold(here, WRITE);
    const { signal } = writer;
    const downgrading = writer.downgrade();
    await stage.clock.settle();
    await stage.clock.run(writer.extend('30s'));
    await downgrading;
    expect(stage.sharing).toHaveLength(1);
    expect(writer.expiresInMs).toBeGreaterThan(25_000);
    expect(writer.expiresInMs).toBeLessThanOrEqual(stage.leaseLeftMs);
    await stage.clock.advance('1m');
    expect([writer.isHeld, signal.aborted]).toEqual([true, false]);
    expect(await stage.clock.run(writer.release())).toBe('released');
  });

  it('another downgrade is the same one', async () => {
    const writer = await stage.hold(here, WRITE);
    const both = [writer.downgrade(), writer.downgrade()];
    await stage.clock.settle();
    both.push(writer.downgrade());
    expect(await stage.clock.run(Promise.all(both))).toEqual([writer, writer, writer]);
    expect([downgrades(), writer.isHeld, stage.sharing.length]).toEqual([1, true, 1]);
    await expect(writer.downgrade()).rejects.toThrow(LockOptionsError);
    expect([downgrades(), writer.isHeld]).toEqual([1, true]);
  });

  /** Begins a downgrade inside a section, and runs something there before it is known to be done. */
  function inSection(run: (lock: Lock) => Promise<void>): Promise<void> {
    return stage.clock.run(
      here.locks.withLock('stock', WRITE, async (lock) => {
        const downgrading = lock.downgrade();
        await run(lock);
        await downgrading;
      }),
    );
  }

  it('a nested section may read, as a reader', async () => {
    await inSection(async (lock) => {
      await here.locks.withLock('stock', READ, async (inner) => {
        expect([inner.fence, inner.isHeld]).toEqual([lock.fence, true]);
        await stage.clock.sleep('1m');
        expect([inner.isHeld, lock.isHeld, stage.sharing.length]).toEqual([true, true, 1]);
      });
      expect(lock.isHeld).toBe(true);
    });
    expect([stage.owner, stage.sharing]).toEqual([undefined, []]);
  });

  it('a nested section does not write: others may be reading', async () => {
    let writing = false;
    const readers: Promise<Lock>[] = [];
    await inSection(async (lock) => {
      readers.push(there.locks.acquire('stock', READ));
      await expect(here.locks.withLock('stock', WRITE, () => void (writing = true))).rejects.toThrow(/cannot be upgraded/);
      const others = await Promise.all(readers);
      expect([writing, lock.isHeld, ...others.map(({ isHeld }) => isHeld)]).toEqual([false, true, true]);
    });
    expect(stage.sharing).toHaveLength(1);
  });
});
