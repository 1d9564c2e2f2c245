import type { LockLossReason } from '../errors/lock-lost.error.js';
import type { Clock, Instant } from '../runtime/clock.js';
import type { Linked } from '../runtime/linked-set.js';
import { Lease } from './lease.js';
import type { LockRequest } from './lock-request.js';

/** What was granted: enough to make a hold of it. */
export interface Grant {
  readonly key: string;
  readonly token: string;
  readonly fence: number;
  readonly request: LockRequest;
  /** When the command that was granted had been sent. */
  readonly sent: Instant;
  /** When its reply was here. */
  readonly entered: Instant;
  readonly leaseMs: number;
}

/** One grant of one lock to this process, from entry to release or loss. Several handles may share it. */
export class Hold implements Linked<Hold> {
  readonly key: string;
  readonly token: string;
  readonly fence: number;
  readonly request: LockRequest;
  readonly entered: Instant;
  /** The lease each renewal asks for. */
  ttl: number;
  /** When the next renewal is due, on the monotonic clock; Infinity where none is. */
  renewAt: number;
  /** Handles that have not been released. */
  shares = 1;
  /** How many extensions were sent: a renewal sent before the last of them says nothing about the lease after it. */
  extensions = 0;
  before: Hold | undefined;
  after: Hold | undefined;
  private state: 'held' | 'released' | LockLossReason = 'held';
  private lease: Lease;
  private readonly bound: Lease | undefined;
  private listeners: (() => void)[] | undefined;

  constructor(
    grant: Grant,
    private readonly clock: Clock,
  ) {
    ({ key: this.key, token: this.token, fence: this.fence, request: this.request, entered: this.entered } = grant);
    this.ttl = this.request.ttl;
    this.bound = this.request.maxHold === undefined ? undefined : Lease.until(this.entered, this.request.maxHold);
    this.lease = Lease.granted(grant.sent, grant.leaseMs);
    this.renewAt = this.request.renew ? grant.sent.monotonic + this.ttl / 3 : Infinity;
  }

  /** Looks at the clocks, not at a timer: true is true at this very moment. */
  get isHeld(): boolean {
    return this.isHeldAt(this.clock.now());
  }

  isHeldAt(now: Instant): boolean {
    if (this.state === 'held' && this.leftMs(now) <= 0) {
      this.lose(this.bound !== undefined && this.bound.left(now) <= 0 ? 'max-hold' : 'expired');
    }
    return this.state === 'held';
  }

  /** Why it is no longer held; undefined while it is, and after a release. */
  get lossReason(): LockLossReason | undefined {
    return this.state === 'held' || this.state === 'released' ? undefined : this.state;
  }

  get isOver(): boolean {
    return this.state !== 'held';
  }

  /** What is left for certain, in ms. */
  leftMs(now: Instant): number {
    const lease = this.lease.left(now);
    return this.bound === undefined ? lease : Math.min(lease, this.bound.left(now));
  }

  /** The lease to ask for now: the ttl, but not past maxHold, and not less than what holdAtLeast still needs. */
  leaseToAsk(ttl: number, now: Instant): number {
    const most = this.bound === undefined ? ttl : Math.min(ttl, this.bound.left(now));
    return Math.ceil(Math.max(most, this.keepMs(now)));
  }

  /** How long a release must leave the lock in place for holdAtLeast, in ms. */
  keepMs(now: Instant): number {
    return Math.max(0, this.request.holdAtLeast - (now.monotonic - this.entered.monotonic));
  }

  /** A renewal was answered: raises the deadline, unless an extension was sent since. */
  confirm(sent: Instant, leaseMs: number, extensions: number): void {
    if (extensions === this.extensions) this.lease = this.lease.later(Lease.granted(sent, leaseMs));
  }

  /** An extension is about to be sent: it may shorten the lease, so from now on only the shorter one is believed. */
  beginExtension(sent: Instant, leaseMs: number): number {
    this.lease = this.lease.earlier(Lease.granted(sent, leaseMs));
    return ++this.extensions;
  }

  /** Runs once when the lock is lost; never after a release. */
  onLoss(listener: () => void): void {
    (this.listeners ??= []).push(listener);
  }

  lose(reason: LockLossReason): void {
    if (this.state !== 'held') return;
    this.state = reason;
    const listeners = this.listeners;
    this.listeners = undefined;
    listeners?.forEach((listener) => listener());
  }

  /** The caller gave it up. */
  endAsReleased(): void {
    this.state = 'released';
    this.listeners = undefined;
  }

  /** The store's answer to the release was that it had not been ours any more. */
  releasedTooLate(): void {
    this.state = 'taken';
  }
}
