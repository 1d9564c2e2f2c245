import { AsyncLocalStorage } from 'node:async_hooks';
import { LockBusyError } from '../errors/lock-busy.error.js';
import { onAbort } from '../runtime/abort-listeners.js';
import type { LockEngine } from './lock-engine.js';
import type { Lock } from './lock.js';
import type { LockRequest } from './lock-request.js';
import type { Share } from './share.js';

/**
 * The section that the running code is in, of whatever LockService. One for all of them: Node goes through every such storage each time it
 * makes a promise, and an application may have several connections, a test suite thousands.
 */
export const sections = new AsyncLocalStorage<Section>();

/** A guarded function while it runs. Sections nest along the async context; those of one hold share it. */
export class Section {
  /** The nested section of the same hold that runs now, and those that come after it. */
  private busy = false;
  private readonly line: (() => void)[] = [];

  readonly parent: Section | undefined;

  constructor(
    /** The service whose section it is. */
    readonly owner: object,
    readonly share: Share,
    readonly lock: Lock,
    around: Section | undefined,
  ) {
    // A context outlives its section where work goes on in it; ended sections must not pile up behind it.
    this.parent = around?.nearest(() => true);
  }

  /** This section or the next one around it that has not ended and fits. */
  nearest(fits: (section: Section) => boolean): Section | undefined {
    return upwards(this, (section) => !section.share.released && fits(section));
  }

  /** Whether this section runs somewhere inside the other. */
  isInside(other: object): boolean {
    return upwards(this.parent, (section) => section === other) !== undefined;
  }

  /** Siblings inside one section take turns, first come, first served. @throws LockBusyError, the signal's reason */
  async takeTurn({ waitMs: inLine, retry, signal }: LockRequest, engine: LockEngine): Promise<void> {
    signal?.throwIfAborted();
    const waitMs = retry?.totalMs ?? inLine;
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
      const stopListening = signal === undefined ? undefined : onAbort(signal, () => leave(signal.reason as Error));
      const timer = engine.timers.after(waitMs, () => leave(new LockBusyError(this.share.hold.key, { waitedMs: waitMs, retryAfterMs: 0 })));
      const settle = (): void => {
        timer.cancel();
        stopListening?.();
      };
      const enter = (): void => {
        settle();
        resolve();
      };
      this.line.push(enter);
    });
  }

  endTurn(): void {
    const next = this.line.shift();
    if (next === undefined) this.busy = false;
    else next();
  }
}

/** A loop, since sections that hand over to the next may nest thousands deep. */
function upwards(start: Section | undefined, fits: (section: Section) => boolean): Section | undefined {
  let section = start;
  while (section !== undefined && !fits(section)) section = section.parent;
  return section;
}
