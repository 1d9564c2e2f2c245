import { LockStoreError } from '../errors/lock-store.error.js';
import { atMost } from '../runtime/at-most.js';
import type { Clock, Instant, Timers } from '../runtime/clock.js';
import type { LockStore, PlaceReply } from '../store/lock-store.interface.js';
import { grantTokenOf } from '../store/sharing.js';
import type { GiveBack } from './give-back.js';
import type { Hold } from './hold.js';
import type { NotedTokens } from './noted-tokens.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { EngineSettings } from './lock-request.js';
import type { UnderWay } from './under-way.js';
import type { NewStanding } from './waiting/store-queue.js';

/** What this process knows of the lock: whether callers of it still wait. */
export interface ReleasedLock {
  readonly line:
    | {
        standAgain(): NewStanding | undefined;
        onReleased(standing: NewStanding, reply: PlaceReply | undefined): void;
        advance(): void;
      }
    | undefined;
}

/** What a release needs. */
export interface ReleaseParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: EngineSettings;
  readonly keeper: LeaseKeeper;
  readonly giveBack: GiveBack;
  readonly underWay: UnderWay;
  readonly kept: NotedTokens;
}

const LOST = Promise.resolve('lost' as const);

/** This is where a hold ends: released, or given up as lost. */
export class Releases {
  constructor(private readonly parts: ReleaseParts) {}

  /**
   * Gives a hold up; the lock stays for the rest of its holdAtLeast.
   * @throws LockStoreError when the store did not answer within commandTimeout; it is then released in the background
   */
  end(hold: Hold, local: ReleasedLock | undefined): Promise<'released' | 'lost'> {
    return this.release(hold, local, hold.keepMs(this.parts.clock.now()));
  }

  /** Frees a lock that was granted to somebody who has gone: nobody entered, so there is no minimum to hold it for. Never rejects. */
  returnUnused(hold: Hold, local: ReleasedLock | undefined): void {
    // An unanswered release is worked on in the background, and nobody waits for it.
    this.release(hold, local, 0).catch(() => undefined);
  }

  /** Releases a lock that was not passed on in the end: its caller has left already. Never rejects. */
  surrender(hold: Hold, local: ReleasedLock): void {
    this.send(hold, local, 0, this.parts.clock.now()).catch(() => undefined);
  }

  private release(hold: Hold, local: ReleasedLock | undefined, keepMs: number): Promise<'released' | 'lost'> {
    const { clock, keeper } = this.parts;
    const now = clock.now();
    if (hold.isHeldAt(now)) return this.send(hold, local, keepMs, now);
    keeper.forget(hold);
    this.releaseLost(hold);
    return LOST;
  }

  /** Callers of this process who still wait are put in line behind the other processes, by the same command. */
  private async send(hold: Hold, local: ReleasedLock | undefined, keepMs: number, now: Instant): Promise<'released' | 'lost'> {
    const { store, keeper, underWay, kept } = this.parts;
    const { key, token } = hold;
    const line = local?.line;
    const standing = keepMs > 0 ? undefined : line?.standAgain();
    if (keepMs > 0) kept.note(grantTokenOf(token), keepMs);
    underWay.begin();
    try {
      const answer = store.release({ key, token, keepMs, sharing: hold.request.sharing, next: standing?.command });
      // The rest is done while the store is at work.
      hold.endAsReleased();
      keeper.forget(hold);
      const { released, next } = await answer;
      if (standing !== undefined) line?.onReleased(standing, next);
      if (released) return 'released';
      hold.releasedTooLate();
      return 'lost';
    } catch (error) {
      if (standing !== undefined) line?.onReleased(standing, undefined);
      await this.persist(hold, keepMs, now, error);
      return 'released';
    } finally {
      underWay.end();
      local?.line?.advance();
    }
  }

  /** It may still be ours on the server, where our clocks are ahead of it, or a renewal went unanswered; its owner check makes the release harmless. */
  private releaseLost(hold: Hold): void {
    if (hold.lossReason === 'taken' || hold.lossReason === 'forced') return;
    const { clock } = this.parts;
    void this.inBackground(hold, () => hold.keepMs(clock.now()));
  }

  private async persist(hold: Hold, keepMs: number, since: Instant, cause: unknown): Promise<void> {
    const { clock, timers, settings } = this.parts;
    const keepUntil = since.monotonic + keepMs;
    const released = this.inBackground(hold, () => Math.max(0, keepUntil - clock.now().monotonic));
    const patience = settings.commandTimeout - (clock.now().monotonic - since.monotonic);
    if (patience > 0 && (await atMost(timers, patience, released)) === true) return;
    throw new LockStoreError(`The release of '${hold.key}' was not answered; it goes on in the background until the lease ends.`, {
      key: hold.key,
      cause,
    });
  }

  /** Until the lease of the last command that may have reached the server is over, which can be later than what we believed. */
  private inBackground(hold: Hold, keepMs: () => number): Promise<boolean> {
    const withinMs = hold.longestLease + 2 * this.parts.settings.commandTimeout;
    return this.parts.giveBack.release(hold.key, hold.token, withinMs, keepMs, hold.request.sharing);
  }
}
