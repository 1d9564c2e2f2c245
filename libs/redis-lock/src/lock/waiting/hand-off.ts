import type { Clock, Instant, Timers } from '../../runtime/clock.js';
import { outside } from '../../runtime/outside.js';
import type { Entries } from '../entries.js';
import { Hold } from '../hold.js';
import type { LeaseKeeper } from '../lease-keeper.js';
import { Lease } from '../lease.js';
import type { LockRequest } from '../lock-request.js';
import type { NotedTokens } from '../noted-tokens.js';
import type { UnderWay } from '../under-way.js';
import type { LocalLock } from './local-lock.js';
import type { WaitingLine } from './waiting-line.js';

/** What passing a lock on needs. */
export interface HandOffParts {
  readonly entries: Entries;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly keeper: LeaseKeeper;
  readonly underWay: UnderWay;
  readonly forced: NotedTokens;
  /** Releases a lock on the store whose caller has left already. Never rejects. */
  readonly surrender: (hold: Hold, local: LocalLock) => void;
}

/** Callers that follow each other without a pause may keep timers and sockets waiting no longer than this, in ms. */
const LONGEST_WITHOUT_TURN_MS = 5;

/**
 * Passes a lock on from one caller of this process to the next without the store: same token, same lease, the next fence. Only for a turn
 * (turn.ts), only between callers who want the same of the lock, and only with more than half the lease left; else the lease is confirmed first.
 */
export class HandOff {
  /** When timers and sockets last had their turn. */
  private turnedAt = 0;

  constructor(private readonly parts: HandOffParts) {}

  /** Ends a hold by passing it on. False where it has to be released: nobody waits here, or it is others' turn. */
  passOn(local: LocalLock, hold: Hold): boolean {
    const { line } = local;
    const next = line?.next;
    if (line === undefined || next === undefined || local.hold !== hold || hold.extensions > 0 || !areAlike(hold.request, next.request))
      return false;
    const { clock, keeper } = this.parts;
    const now = clock.now();
    if (!hold.isHeldAt(now)) return false;
    line.turn.continueWith(hold);
    if (line.turn.isOver(now)) return false;
    const lease = hold.knownLease;
    hold.passOn();
    keeper.forget(hold);
    line.isPassing = true;
    if (hold.request.renew && !line.turn.mustReport(now) && lease.left(now) > hold.ttl / 2) {
      this.enterNext(local, line, hold, lease, now);
    } else {
      outside(() => void this.confirmFirst(local, line, hold, lease));
    }
    return true;
  }

  /** Never rejects: without a clear answer the lock is released. */
  private async confirmFirst(local: LocalLock, line: WaitingLine, hold: Hold, lease: Lease): Promise<void> {
    const { clock, entries, underWay } = this.parts;
    const sent = clock.now();
    const { leaseMs } = hold.request;
    const reserve = line.turn.fencesFor(line.length);
    underWay.begin();
    try {
      const reply = await entries.ask(local.key, hold.token, leaseMs, reserve);
      const now = clock.now();
      if (reply === undefined) {
        line.isPassing = false;
        line.advance();
        return;
      }
      line.turn.report(reply.others, reply.fence, reserve, sent.monotonic, now);
      hold.longestLease = Math.max(hold.longestLease, leaseMs);
      this.enterNext(local, line, hold, lease.later(Lease.granted(sent, leaseMs)), now);
    } catch {
      this.giveUp(local, line, hold);
    } finally {
      underWay.end();
    }
  }

  private enterNext(local: LocalLock, line: WaitingLine, previous: Hold, lease: Lease, now: Instant): void {
    if (now.monotonic - this.turnedAt > LONGEST_WITHOUT_TURN_MS) {
      const { timers, clock, underWay } = this.parts;
      underWay.begin();
      timers.soon(() => {
        const later = clock.now();
        this.turnedAt = later.monotonic;
        this.enterNext(local, line, previous, lease, later);
        underWay.end();
      });
      return;
    }
    const { next } = line;
    if (this.parts.forced.has(previous.token)) {
      line.isPassing = false;
      line.advance();
      return;
    }
    if (next === undefined || line.turn.isOver(now) || !areAlike(previous.request, next.request) || lease.left(now) <= 0) {
      this.giveUp(local, line, previous);
      return;
    }
    const { clock, keeper } = this.parts;
    const { key, token, longestLease } = previous;
    const fence = line.turn.nextSection();
    const grant = { key, token, fence, request: next.request, sent: now, entered: now, leaseMs: longestLease, owner: local };
    const hold = new Hold(grant, clock);
    hold.takeOver(lease, now);
    local.onEntered(hold);
    line.isPassing = false;
    keeper.watch(hold, now);
    next.resolve(hold);
    if (line.turn.isRunningLow && line.length > 0) line.confirmSoon();
  }

  private giveUp(local: LocalLock, line: WaitingLine, hold: Hold): void {
    line.isPassing = false;
    this.parts.surrender(hold, local);
  }
}

/** Whether a caller may go on with the lease of another one. */
function areAlike(one: LockRequest, other: LockRequest): boolean {
  if (one.holdAtLeast > 0 || other.holdAtLeast > 0 || one.replicas !== undefined || other.replicas !== undefined) return false;
  return one.ttl === other.ttl && one.leaseMs === other.leaseMs && one.renew === other.renew;
}
