import { outside } from '../../runtime/outside.js';
import { grantTokenOf, shareToken, type Sharing } from '../../store/sharing.js';
import { mayTryAgain } from '../attempts.js';
import type { Arrival } from '../arrival.js';
import type { Hold } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import { Line, type LineOwner } from './line.js';
import type { LineParts } from './line-parts.js';
import type { Waiter } from './waiter.js';

/** More shares than this are not asked for at once. */
const MOST_SHARES = 1_000;

/** A lock that is shared, as this process knows it. */
export interface SharedLineOwner extends LineOwner {
  readonly sharing: Sharing;
  line: SharedLine | undefined;
}

/**
 * The callers of this process that wait to read, or for a permit. One command or message may serve many of them, each with a token, a lease and
 * a fence of its own.
 */
export class SharedLine extends Line {
  /** Shares that are ours, and whose caller enters when their lease is confirmed. */
  private readonly confirming = new Set<Arrival>();

  constructor(
    override readonly local: SharedLineOwner,
    parts: LineParts,
  ) {
    super(local, parts);
  }

  /** Those at the head who want the same of it. */
  get wanted(): number {
    const { sharing } = this.local;
    const most = sharing.kind === 'permit' ? Math.min(sharing.limit, MOST_SHARES) : MOST_SHARES;
    const { next } = this;
    let count = 0;
    for (let waiter = next; waiter !== undefined && count < most; waiter = waiter.after, count++) {
      // The head itself in any case: one that is to be replicated is alike to nobody.
      if (waiter !== next && !isAlike(waiter.request, next?.request)) break;
    }
    return count;
  }

  /** Whether a share that was granted with that token is on its way to its caller. */
  isPassingOn(token: string): boolean {
    for (const { grant } of this.confirming) if (grantTokenOf(grant.token) === token) return true;
    return false;
  }

  advance(): void {
    const { local, trouble, queue, confirming } = this;
    if (this.waiters.size === 0) {
      trouble.clear();
      queue.leave();
      if (!local.isAsking && confirming.size === 0 && local.line === this) local.line = undefined;
    } else if (queue.isStanding) {
      queue.stateWanted();
    } else if (!local.isAsking && !trouble.isPausing) {
      this.askOutside();
    }
  }

  arrive({ grant, sent, leaseMs }: Arrival, lease: 'confirmed' | 'unconfirmed'): void {
    const { local, parts } = this;
    if (this.next === undefined) {
      parts.takeBack(local.key, grant.token, leaseMs, local.sharing);
    } else {
      for (let i = 0; i < (grant.shares ?? 1); i++) {
        const share = { token: shareToken(grant.token, i), fence: grant.fence + i, others: false };
        this.serve({ grant: share, sent, leaseMs }, lease);
      }
    }
    this.advance();
  }

  protected async ask(): Promise<void> {
    const { local, parts, wanted } = this;
    const { next } = this;
    if (next === undefined) return;
    const { request } = next;
    local.isAsking = true;
    try {
      const answer = await parts.attempts.makeShared(local, request, wanted, {
        ...request.standing,
        since: this.queue.since,
        count: wanted,
      });
      local.isAsking = false;
      this.trouble.clear();
      if ('grant' in answer) this.arrive(answer, 'confirmed');
      else if (answer.status === 'queued') this.standInLine(answer, request);
    } catch (error) {
      local.isAsking = false;
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else next.reject(error);
    }
    this.advance();
  }

  /** The next caller gets a share; where none is left it is given back. */
  private serve(arrival: Arrival, lease: 'confirmed' | 'unconfirmed'): void {
    const { local, parts, next } = this;
    if (next === undefined) {
      this.returnShare(arrival);
      return;
    }
    const hold = parts.entries.enter(local, next.request, arrival);
    if (hold === undefined) {
      // It is served, and no longer in line, but may still give up.
      this.waiters.delete(next);
      outside(() => void this.enterConfirmed(next, arrival));
      return;
    }
    next.resolve(hold);
    if (lease === 'unconfirmed' || arrival.leaseMs < hold.request.leaseMs) this.prolong(hold);
  }

  /** Along with all others that are due: one command for many. */
  private prolong(hold: Hold): void {
    const now = this.parts.clock.now();
    hold.renewAt = now.monotonic;
    this.parts.keeper.scheduleFor(hold, now);
  }

  private async enterConfirmed(waiter: Waiter, arrival: Arrival): Promise<void> {
    const { local, parts, confirming } = this;
    confirming.add(arrival);
    let hold: Hold | undefined;
    try {
      hold = await parts.entries.enterConfirmed(local, waiter.request, arrival.grant);
    } catch (error) {
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else waiter.reject(error);
    }
    confirming.delete(arrival);
    if (hold === undefined) {
      // Its answer may have been lost alone: then it has the whole lease.
      this.returnShare({ ...arrival, leaseMs: Math.max(arrival.leaseMs, waiter.request.leaseMs) });
      if (!waiter.isOver) this.waiters.addFirst(waiter);
    } else if (waiter.isOver) {
      parts.returnUnused(hold);
    } else {
      waiter.resolve(hold);
    }
    this.advance();
  }

  private returnShare({ grant, leaseMs }: Arrival): void {
    this.parts.returnShare(this.local.key, grant.token, leaseMs, this.local.sharing);
  }
}

/** Whether one command may ask for both. */
function isAlike(one: LockRequest, other: LockRequest | undefined): boolean {
  return one.leaseMs === other?.leaseMs && one.replicas === undefined && other.replicas === undefined;
}
