import { LockStoreError } from '../errors/lock-store.error.js';
import type { Clock } from '../runtime/clock.js';
import type { LockStore } from '../store/lock-store.interface.js';
import { READING } from '../store/sharing.js';
import type { GiveBack } from './give-back.js';
import { Hold, type HoldOwner } from './hold.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { NotedTokens } from './noted-tokens.js';
import type { UnderWay } from './under-way.js';

/** What a downgrade needs. */
export interface DowngradeParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly keeper: LeaseKeeper;
  readonly giveBack: GiveBack;
  readonly underWay: UnderWay;
  readonly forced: NotedTokens;
}

/** Makes readers of those who hold a lock alone: same token, same fence, and nobody in between. */
export class Downgrades {
  constructor(private readonly parts: DowngradeParts) {}

  /**
   * @param reader what this process knows of the lock as one that is read
   * @param adopt gets the hold of the reader, in the same moment as the other one ends
   * @returns false when the lock is lost
   * @throws LockStoreError when the answer is not known: then nobody knows how it is held, and it is given up
   */
  async downgrade(hold: Hold, reader: HoldOwner, adopt: (reading: Hold) => void): Promise<boolean> {
    const { store, clock, keeper, giveBack, underWay, forced } = this.parts;
    const { key, token, fence } = hold;
    const sent = clock.now();
    const leaseMs = hold.leaseToAsk(hold.ttl, sent);
    // A renewal that arrived after it would be told that the lock is not held alone any more. Its deadline is watched all the same.
    hold.stopRenewing();
    underWay.begin();
    try {
      const done = await store.downgrade({ key, token, leaseMs });
      const now = clock.now();
      if (!done) hold.lose('taken');
      else if (forced.has(token)) hold.lose('forced');
      if (!hold.isHeldAt(now)) {
        if (done) giveBack.cancel(key, token, hold.longestLease, READING);
        return false;
      }
      const request = { ...hold.requestFrom(now), sharing: READING };
      const reading = new Hold({ key, token, fence, request, sent, entered: now, leaseMs, owner: reader }, clock);
      // What was left of a longer one is not taken away.
      reading.longestLease = Math.max(reading.longestLease, hold.longestLease);
      adopt(reading);
      hold.endAsReleased();
      keeper.forget(hold);
      keeper.watch(reading, now);
      return true;
    } catch (error) {
      hold.lose('taken');
      // Whichever it is by now.
      giveBack.cancel(key, token, hold.longestLease);
      throw error instanceof LockStoreError ? new LockStoreError(error.message, { key, cause: error }) : error;
    } finally {
      underWay.end();
    }
  }
}
