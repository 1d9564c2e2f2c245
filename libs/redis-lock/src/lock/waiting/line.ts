import type { LockStoreError } from '../../errors/lock-store.error.js';
import { LinkedSet } from '../../runtime/linked-set.js';
import { outside } from '../../runtime/outside.js';
import type { HandedOver, PlaceReply } from '../../store/lock-store.interface.js';
import type { Queued } from '../attempts.js';
import type { Arrival } from '../arrival.js';
import type { Sharing } from '../../store/sharing.js';
import type { Hold, HoldOwner } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import type { LineParts } from './line-parts.js';
import { StoreQueue, type NewStanding, type StoreQueueOwner } from './store-queue.js';
import { StoreTrouble } from './store-trouble.js';
import { signalsOf, type WaitRequest } from './wait-request.js';
import { Waiter } from './waiter.js';

/** The lock that a line is for, as this process knows it. */
export interface LineOwner extends HoldOwner {
  readonly sharing: Sharing | undefined;
  /** A command that may be granted, for a caller who would wait, is under way. */
  isAsking: boolean;
  /** A message that came before the reply that says that its token stands in line. */
  takeEarly(token: string): HandedOver | undefined;
}

/** The callers of this process that wait for one lock, first come, first served, and the one place that they share in the store's queue. */
export abstract class Line implements StoreQueueOwner {
  readonly trouble: StoreTrouble;
  protected readonly waiters = new LinkedSet<Waiter>();
  protected readonly queue: StoreQueue;

  constructor(
    readonly local: LineOwner,
    protected readonly parts: LineParts,
  ) {
    this.trouble = new StoreTrouble(parts, () => this.advance());
    this.queue = new StoreQueue(this, parts);
  }

  /** Does what has to be done next: stands in line in the store, or leaves it when nobody waits any more. */
  abstract advance(): void;
  /** The lock, or a share of it, is this process's. `unconfirmed`: for a short while only. */
  abstract arrive(arrival: Arrival, lease: 'confirmed' | 'unconfirmed'): void;
  /** How many shares are wanted at once; undefined for the lock as a whole. */
  abstract get wanted(): number | undefined;
  /** Asks for the lock, for the head of the line. Never rejects. */
  protected abstract ask(): Promise<void>;

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
    const { next, queue, local } = this;
    return next === undefined || queue.isStanding || local.isAsking ? undefined : queue.standAgain(next.request);
  }

  /** What became of that: undefined where nothing was done about it, or nobody knows. */
  onReleased(standing: NewStanding, reply: PlaceReply | undefined): void {
    this.queue.onReleased(standing, reply);
  }

  /** A message: a token of ours was served. */
  onGranted(grant: HandedOver): void {
    this.queue.onGranted(grant);
  }

  close(): void {
    this.queue.close();
    this.trouble.close();
  }

  /** Outside the context of whoever set this going, who may be long gone when others wait. */
  protected askOutside(): void {
    outside(() => void this.ask());
  }

  private leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    if (this.waiters.size === 0) this.advance();
  }
}
