import { LockOptionsError } from '../errors/lock-options.error.js';
import type { Sharing } from '../store/sharing.js';
import { DroppedHandles } from './dropped-handles.js';
import type { Hold } from './hold.js';
import type { Lock } from './lock.js';
import type { LockEngine } from './lock-engine.js';
import { LockHandle, type HandleOwner } from './lock-handle.js';
import type { LockRequest } from './lock-request.js';
import { Section, sections } from './section.js';
import { newShare, type Share } from './share.js';

/** What a handle is for: one that a section releases, or one that its caller may forget. */
export type Use = 'section' | 'bare';

/** How callers come in: anew, or again where their own async context holds the key already. */
export class Entrance {
  private readonly dropped: DroppedHandles;
  private readonly owner: HandleOwner;

  private readonly handleOf = (hold: Hold): LockHandle => new LockHandle(newShare(hold, undefined), this.owner);
  private readonly bareHandleOf = (hold: Hold): LockHandle => this.watched(this.handleOf(hold));

  constructor(private readonly engine: LockEngine) {
    this.dropped = new DroppedHandles(engine);
    this.owner = {
      engine,
      faultOfRelease: (share) => this.faultOfRelease(share),
      onReleased: (share) => {
        this.dropped.forget(share);
        share.turnOf?.endTurn();
      },
    };
  }

  /** @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason */
  enter(key: string, request: LockRequest, use: Use): Promise<LockHandle> {
    const around = this.around(key);
    if (around !== undefined) return this.enterAgain(around, request, use);
    return this.engine.acquire(key, request, this.isNested).then(use === 'bare' ? this.bareHandleOf : this.handleOf);
  }

  /** Those that the caller's own async context holds are entered again, the others are taken all at once. @param keys sorted, each once */
  async enterAll(keys: readonly string[], request: LockRequest, use: Use): Promise<LockHandle[]> {
    const { clock } = this.engine;
    const since = clock.now().monotonic;
    /** The wait is for all of them together. */
    const rest = (): LockRequest => ({ ...request, waitMs: Math.max(0, request.waitMs - (clock.now().monotonic - since)) });
    const handles = new Map<string, LockHandle>();
    try {
      for (const key of keys) {
        const around = this.around(key);
        if (around !== undefined) handles.set(key, await this.enterAgain(around, rest(), use));
      }
      const others = keys.filter((key) => !handles.has(key));
      const holds = others.length === 0 ? [] : await this.engine.acquireAll(others, rest(), this.isNested);
      for (const hold of holds) handles.set(hold.key, use === 'bare' ? this.bareHandleOf(hold) : this.handleOf(hold));
    } catch (error) {
      await Promise.allSettled([...handles.values()].map((handle) => handle.release()));
      throw error;
    }
    return keys.flatMap((key) => handles.get(key) ?? []);
  }

  /** Runs a function inside the locks that were entered for it. */
  run<T>(handles: readonly LockHandle[], lock: Lock, section: (lock: Lock) => Promise<T> | T): Promise<T> | T {
    let around = sections.getStore();
    for (const { share } of handles) share.section = around = new Section(this, share, lock, around);
    // There is one at least.
    return around === undefined ? section(lock) : sections.run(around, section, lock);
  }

  /** The innermost section around the running code that has not ended and fits. */
  nearest(fits: (section: Section) => boolean): Section | undefined {
    return sections.getStore()?.nearest((section) => section.owner === this && fits(section));
  }

  private around(key: string): Section | undefined {
    return this.nearest(({ share }) => share.hold.key === key);
  }

  private get isNested(): boolean {
    return this.nearest(({ lock }) => lock.isHeld) !== undefined;
  }

  /** A bare handle, which nobody may ever release. */
  private watched(handle: LockHandle): LockHandle {
    this.dropped.watch(handle, handle.share);
    return handle;
  }

  /** The key is held by the caller's own async context: counted, no command. */
  private async enterAgain(around: Section, request: LockRequest, use: Use): Promise<LockHandle> {
    const { key } = around.share.hold;
    const fault = faultOfEntering(around.share.hold, request);
    if (fault !== undefined) throw new LockOptionsError(fault, { key });
    around.lock.assertHeld();
    await around.takeTurn(request, this.engine);
    // Whether it is a reader's by now is about to be known.
    while (around.lock instanceof LockHandle && around.lock.isDowngrading) await around.lock.whenDowngraded();
    if (!around.lock.isHeld) {
      around.endTurn();
      // It ended while this one stood in line for its turn: there is nothing left to be nested in.
      if (around.share.released) return this.enter(key, request, use);
      around.lock.assertHeld();
    }
    // Another one by now, after a downgrade.
    const { hold } = around.share;
    const late = faultOfEntering(hold, request);
    if (late !== undefined) {
      around.endTurn();
      throw new LockOptionsError(late, { key });
    }
    hold.shares++;
    const handle = new LockHandle(newShare(hold, around), this.owner);
    return use === 'bare' ? this.watched(handle) : handle;
  }

  private faultOfRelease({ hold, section }: Share): LockOptionsError | undefined {
    const here = this.nearest(({ share }) => share.hold === hold);
    if (section === undefined || here?.isInside(section) !== true) return undefined;
    return new LockOptionsError(`release() of '${hold.key}' was called inside a nested section of the same hold; it could never settle.`, {
      key: hold.key,
    });
  }
}

/** Why a caller who holds the key in that way cannot enter it as it wants to: it would wait for itself. */
function faultOfEntering({ key, request: { sharing: held } }: Hold, { sharing: wanted, reentrant }: LockRequest): string | undefined {
  if (!reentrant) return `The lock '${key}' is held by the caller itself: with reentrant: false it would wait for itself.`;
  if (held?.kind === 'read' && wanted === undefined) {
    return `The lock '${key}' is held to read by the caller itself, and cannot be upgraded: two who tried would wait for each other. Take it to write in the first place.`;
  }
  if (held?.kind === wanted?.kind ? limitOf(held) === limitOf(wanted) : held === undefined && wanted?.kind === 'read') return undefined;
  return `The lock '${key}' is held by the caller itself as ${named(held)}; it cannot be ${named(wanted)} at the same time. Use another key.`;
}

function limitOf(sharing: Sharing | undefined): number | undefined {
  return sharing?.kind === 'permit' ? sharing.limit : undefined;
}

function named(sharing: Sharing | undefined): string {
  if (sharing === undefined) return 'an exclusive lock';
  return sharing.kind === 'read' ? 'a lock to read' : `a permit of ${String(sharing.limit)}`;
}
