import { LockBusyError } from '../errors/lock-busy.error.js';
import type { LockEngine } from './lock-engine.js';
import type { Lock } from './lock.js';
import type { LockRequest } from './lock-request.js';
import type { Share } from './share.js';

/** A guarded function while it runs. Sections nest along the async context; those of one hold share it. */
export class Section {
  /** The nested section of the same hold that runs now, and those that come after it. */
  private busy = false;
  private readonly line: (() => void)[] = [];

  readonly parent: Section | undefined;

  constructor(
    readonly share: Share,
    readonly lock: Lock,
    around: Section | undefined,
  ) {
    // A context outlives its section where work goes on in it; ended sections must not pile up behind it.
    this.parent = around?.nearest(() => true);
  }

  /** This section or the next one around it that has not ended and fits. */
  nearest(fits: (section: Section) => boolean): Section | undefined {
    if (!this.share.released && fits(this)) return this;
    return this.parent?.nearest(fits);
  }

  /** Whether this section runs somewhere inside the other. */
  isInside(other: Section): boolean {
    return this.parent !== undefined && (this.parent === other || this.parent.isInside(other));
  }

  /** Siblings inside one section take turns, first come, first served. @throws LockBusyError, the signal's reason */
  async takeTurn({ waitMs, signal }: LockRequest, engine: LockEngine): Promise<void> {
    signal?.throwIfAborted();
    if (!this.busy) {
      this.busy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (reason: Error): void => {
        const at = this.line.indexOf(enter);
        if (at !== -1) this.line.splice(at, 1);
        settle();
        reject(reason);
      };
      // Whoever aborted chose the reason; it is passed on as it is.
      const onAbort = (): void => leave(signal?.reason as Error);
      const timer = engine.timers.after(waitMs, () => leave(new LockBusyError(this.share.hold.key, { waitedMs: waitMs, retryAfterMs: 0 })));
      const settle = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const enter = (): void => {
        settle();
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.line.push(enter);
    });
  }

  endTurn(): void {
    const next = this.line.shift();
    if (next === undefined) this.busy = false;
    else next();
  }
}
