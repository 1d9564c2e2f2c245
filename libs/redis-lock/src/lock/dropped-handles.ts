import type { Clock } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { LockHandle, Share } from './lock-handle.js';

/**
 * Watches for handles that were garbage-collected without a release. Such a lock is reported and no longer renewed; it is not released
 * early, since the section it guards may still run. It ends at its lease.
 */
export class DroppedHandles {
  private readonly registry: FinalizationRegistry<Share>;

  constructor(clock: Clock, log: LockLog) {
    this.registry = new FinalizationRegistry((share) => {
      const { hold } = share;
      if (share.released || !hold.isHeld) return;
      hold.shares--;
      if (hold.shares === 0) hold.renewAt = Infinity;
      const label = hold.request.label === undefined ? '' : ` (${hold.request.label})`;
      const left = Math.round(hold.leftMs(clock.now()));
      log.warn(
        `A handle of the lock '${hold.key}'${label} was dropped without release(). It is no longer renewed and ends in ${String(left)} ms. ` +
          'Use withLock(), `await using`, or release it in a finally block.',
      );
    });
  }

  watch(handle: LockHandle, share: Share): void {
    this.registry.register(handle, share);
  }
}
