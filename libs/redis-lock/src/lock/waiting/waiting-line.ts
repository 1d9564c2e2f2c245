import type { LockStoreError } from '../../errors/lock-store.error.js';
import { LinkedSet } from '../../runtime/linked-set.js';
import { outside } from '../../runtime/outside.js';
import type { HandedOver, PlaceReply } from '../../store/lock-store.interface.js';
import { isHold, mayTryAgain, type Queued } from '../attempts.js';
import type { Arrival } from '../entries.js';
import type { Hold, HoldOwner } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import type { LineParts } from './line-parts.js';
import { StoreQueue, type NewStanding, type StoreQueueOwner } from './store-queue.js';
import { StoreTrouble } from './store-trouble.js';
import { Turn } from './turn.js';
import { signalsOf, type WaitRequest } from './wait-request.js';
import { Waiter } from './waiter.js';

/** The lock that a line is for, as this process knows it. */
export interface LineOwner extends HoldOwner {
  isAsking: boolean;
  line: WaitingLine | undefined;
  /** A message that came before the reply that says that its token stands in line. */
  takeEarly(token: string): HandedOver | undefined;
}

/**
 * The callers of this process that wait for one lock, first come, first served, and the one place that they share in the store's queue.
 * They need none while a caller of this process holds the lock: it is passed on to them (hand-off.ts).
 */
export class WaitingLine implements StoreQueueOwner {
  readonly turn: Turn;
  /** The lock is this process's, and on its way to the next caller. */
  isPassing = false;
  private isConfirming = false;
  private readonly waiters = new LinkedSet<Waiter>();
  readonly trouble: StoreTrouble;
  private readonly queue: StoreQueue;

  constructor(
    readonly local: LineOwner,
    private readonly parts: LineParts,
  ) {
    this.turn = new Turn(parts.settings.cohort);
    this.trouble = new StoreTrouble(parts, () => this.advance());
    this.queue = new StoreQueue(this, parts);
  }

  get length(): number {
    return this.waiters.size;
  }

  /** Why they still wait, where it is that the store does not answer. */
  get storeError(): LockStoreError | undefined {
    return this.trouble.error;
  }

  get next(): Waiter | undefined {
    return this.waiters.oldest;
  }

  /** Rejects with LockBusyError or LockStoreError at the end of the wait, with the signal's reason when it aborts, with the gate's when that does. */
  join(wait: WaitRequest, where: 'first' | 'last' = 'last'): Promise<Hold> {
    const aborted = signalsOf(wait).find((signal) => signal.aborted);
    if (aborted !== undefined) {
      this.advance();
      // Whoever aborted chose the reason; it is passed on as it is.
      return Promise.reject(aborted.reason as Error);
    }
    const waiter = new Waiter(
      wait,
      this.parts,
      (self) => this.leave(self),
      () => this.trouble.verdict(wait),
    );
    if (where === 'first') this.waiters.addFirst(waiter);
    else this.waiters.add(waiter);
    this.advance();
    return waiter.turn;
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
      // Outside the context of whoever set this going, who may be long gone when others wait.
      outside(() => void this.ask());
    }
  }

  /** The store put a token of ours in line, in answer to an attempt. */
  standInLine(queued: Queued, request: LockRequest): void {
    this.queue.stand(queued, request);
  }

  /** The store did not answer to an attempt: another one follows after a pause. */
  pauseAfter(error: LockStoreError): void {
    this.trouble.note(error, 'pause');
  }

  /** What a release is to put in line for those who still wait; undefined where they need it not. */
  standAgain(): NewStanding | undefined {
    const { next, queue } = this;
    return next === undefined || queue.isStanding ? undefined : queue.standAgain(next.request);
  }

  /** What became of that: undefined where nothing was done about it, or nobody knows. */
  onReleased(standing: NewStanding, reply: PlaceReply | undefined): void {
    this.queue.onReleased(standing, reply);
  }

  /** A message: a token of ours owns the lock. */
  onGranted(grant: HandedOver): void {
    this.queue.onGranted(grant);
  }

  /** Whether a token is on its way from one caller of this process to the next. */
  isPassingOn(token: string): boolean {
    return this.isPassing && this.turn.token === token;
  }

  close(): void {
    this.queue.close();
    this.trouble.close();
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
  private async ask(): Promise<void> {
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

  private leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    if (this.waiters.size === 0) this.advance();
  }

  /** Nobody waits any more. */
  private leaveStore(): void {
    const { local } = this;
    this.trouble.clear();
    this.queue.leave();
    if (!this.isPassing && !local.isAsking && local.line === this && local.hold === undefined) local.line = undefined;
  }
}
