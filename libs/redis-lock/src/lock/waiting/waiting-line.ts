import { outside } from '../../runtime/outside.js';
import type { HandedOver } from '../../store/lock-store.interface.js';
import { isHold, mayTryAgain } from '../attempts.js';
import type { Arrival } from '../arrival.js';
import type { Hold } from '../hold.js';
import { Line, type LineOwner } from './line.js';
import type { LineParts } from './line-parts.js';
import { Turn } from './turn.js';
import type { Waiter } from './waiter.js';

/** A lock that is held alone, as this process knows it. */
export interface WaitingLineOwner extends LineOwner {
  /** The hold that there is now. */
  readonly hold: Hold | undefined;
  line: WaitingLine | undefined;
}

/**
 * Those who wait to hold a lock alone. They need no place in the store's queue while a caller of this process holds the lock: it is passed on
 * to them (hand-off.ts).
 */
export class WaitingLine extends Line {
  readonly turn: Turn;
  /** The lock is this process's, and on its way to the next caller. */
  isPassing = false;
  private isConfirming = false;

  constructor(
    override readonly local: WaitingLineOwner,
    parts: LineParts,
  ) {
    super(local, parts);
    this.turn = new Turn(parts.settings.cohort);
  }

  get wanted(): undefined {
    return undefined;
  }

  /** Does what has to be done next: stands in line in the store, or leaves it when nobody waits any more. */
  advance(): void {
    const { local } = this;
    if (this.waiters.size === 0) {
      this.leaveStore();
      return;
    }
    // First of all: looking may find it lost, and that comes here again.
    if (local.hold?.isHeld === true) return;
    if (!this.isPassing && !local.isAsking && !this.queue.isStanding && !this.trouble.isPausing) {
      this.askOutside();
    }
  }

  /** Whether a token is on its way from one caller of this process to the next. */
  isPassingOn(token: string): boolean {
    return this.isPassing && this.turn.token === token;
  }

  /** The lock is this process's. The next caller enters; where none is left it goes on to the next process. */
  arrive({ grant, sent, leaseMs }: Arrival, lease: 'confirmed' | 'unconfirmed'): void {
    const { clock, entries } = this.parts;
    this.turn.begin(grant, 1, sent.monotonic, clock.now().monotonic);
    const { next } = this;
    if (next === undefined) {
      this.parts.takeBack(this.local.key, grant.token, leaseMs);
      this.advance();
      return;
    }
    const hold = entries.enter(this.local, next.request, { grant, sent, leaseMs });
    if (hold === undefined) {
      outside(() => void this.enterConfirmed(next, grant));
      return;
    }
    next.resolve(hold);
    if (lease === 'unconfirmed' || leaseMs < hold.request.leaseMs) this.confirmSoon();
  }

  /** Prolongs the lease and reserves fences when the section has begun: writing to a socket takes longer than many a section. */
  confirmSoon(): void {
    if (this.isConfirming) return;
    this.isConfirming = true;
    this.parts.timers.soon(() => {
      void this.confirm().finally(() => (this.isConfirming = false));
    });
  }

  /** Asks for the lock, for the head of the line. Never rejects: what an attempt throws reaches the head. */
  protected async ask(): Promise<void> {
    const { local, parts } = this;
    const { next } = this;
    if (next === undefined) return;
    const { request } = next;
    const reserve = this.turn.fencesFor(this.waiters.size);
    const sent = parts.clock.now();
    local.isAsking = true;
    try {
      const answer = await parts.attempts.make(local, request, { reserve, queue: { ...request.standing, since: this.queue.since } });
      local.isAsking = false;
      this.trouble.clear();
      if (isHold(answer)) {
        const { token, fence } = answer;
        this.turn.begin({ token, fence, others: local.othersWait }, reserve, sent.monotonic, parts.clock.now().monotonic);
        this.queue.since = undefined;
        if (this.next?.request === request) this.next.resolve(answer);
        else parts.returnUnused(answer);
      } else if (answer.status === 'queued') {
        this.standInLine(answer, request);
      }
    } catch (error) {
      local.isAsking = false;
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else next.reject(error);
    }
    this.advance();
  }

  private async enterConfirmed(waiter: Waiter, grant: HandedOver): Promise<void> {
    const { local, parts } = this;
    this.isPassing = true;
    let hold: Hold | undefined;
    try {
      hold = await parts.entries.enterConfirmed(local, waiter.request, grant);
    } catch (error) {
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else waiter.reject(error);
    }
    this.isPassing = false;
    if (hold === undefined) parts.takeBack(local.key, grant.token, waiter.request.leaseMs);
    else if (this.next === waiter) waiter.resolve(hold);
    else parts.returnUnused(hold);
    this.advance();
  }

  /** What the confirmation of a first section brings serves the callers after it. */
  private async confirm(): Promise<void> {
    const { hold } = this.local;
    if (hold === undefined) return;
    const { clock, entries } = this.parts;
    const reserve = this.turn.fencesFor(this.waiters.size);
    const sent = clock.now();
    const reply = await entries.confirm(hold, reserve);
    if (reply === undefined || this.turn.token !== hold.token) return;
    this.turn.report(reply.others, reply.fence, reserve, sent.monotonic, clock.now());
  }

  /** Nobody waits any more. */
  private leaveStore(): void {
    const { local } = this;
    this.trouble.clear();
    this.queue.leave();
    if (!this.isPassing && !local.isAsking && local.line === this && local.hold === undefined) local.line = undefined;
  }
}
