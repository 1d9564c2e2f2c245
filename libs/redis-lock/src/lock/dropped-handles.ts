import type { Clock, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import { LinkedSet } from '../runtime/linked-set.js';
import type { Share } from './share.js';

/** What watching needs. */
export interface DroppedHandlesParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
}

/**
 * The registry costs the garbage collector much more than a short hold does (whatever is in it survives to the old generation),
 * so a handle comes into it only when it was not released within this time.
 */
const YOUNG_MS = 1_000;

/**
 * Watches for handles that were garbage-collected without a release. Such a lock is reported and no longer renewed; it is not released
 * early, since the section it guards may still run. It ends at its lease.
 */
export class DroppedHandles {
  private readonly registry: FinalizationRegistry<Share>;
  private readonly young = new LinkedSet<Share>();
  private roundIsSet = false;

  constructor(private readonly parts: DroppedHandlesParts) {
    this.registry = new FinalizationRegistry((share) => this.report(share));
  }

  watch(handle: object, share: Share): void {
    share.youngHandle = handle;
    this.young.add(share);
    if (this.roundIsSet) return;
    this.roundIsSet = true;
    this.parts.timers.after(YOUNG_MS, () => this.register(), { background: true });
  }

  /** The handle was released as it should be. */
  forget(share: Share): void {
    this.young.delete(share);
    share.youngHandle = undefined;
  }

  private register(): void {
    this.roundIsSet = false;
    for (const share of this.young) {
      if (share.youngHandle !== undefined) this.registry.register(share.youngHandle, share);
      this.forget(share);
    }
  }

  private report(share: Share): void {
    const { hold } = share;
    if (share.released || !hold.isHeld) return;
    hold.shares--;
    if (hold.shares === 0) hold.renewAt = Infinity;
    const label = hold.request.label === undefined ? '' : ` (${hold.request.label})`;
    const left = Math.round(hold.leftMs(this.parts.clock.now()));
    this.parts.log.warn(
      `A handle of the lock '${hold.key}'${label} was dropped without release(). It is no longer renewed and ends in ${String(left)} ms. ` +
        'Use withLock(), `await using`, or release it in a finally block.',
    );
  }
}
