import type { LockLossReason } from '../errors/lock-lost.error.js';
import type { Clock, Instant } from '../runtime/clock.js';
import type { Linked } from '../runtime/linked-set.js';
import { Lease } from './lease.js';
import type { LockRequest } from './lock-request.js';

/** What this process knows of one lock, as far as a hold of it is concerned. */
export interface HoldOwner {
  readonly key: string;
  /** Whether other processes waited when it was granted. */
  othersWait: boolean;
  /** A token was sent that stands in line if the lock is busy. */
  onAsked(token: string): void;
  onEntered(hold: Hold): void;
  onReleased(hold: Hold): void;
  onLost(hold: Hold): void;
}

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
  readonly owner: HoldOwner;
}

/** One caller's time with a lock, from entry to release or loss. Several handles may share it; callers that follow each other share a token. */
export class Hold implements Linked<Hold> {
  readonly key: string;
  readonly token: string;
  readonly fence: number;
  request: LockRequest;
  /** On the monotonic clock. */
  enteredAt: number;
  /** The lease each renewal asks for. */
  ttl: number;
  /** When the next renewal is due, on the monotonic clock; Infinity where none is. */
  renewAt: number;
  /** Handles that have not been released. */
  shares = 1;
  /** How many extensions were sent, or ended beside others: a renewal sent before the last of that says nothing about the lease after it. */
  extensions = 0;
  /** How many of them may still be sent once more, as those that came too late are. */
  private pendingExtensions = 0;
  /** The longest lease that was ever asked for, in ms: the server may have granted it, whatever we were told. */
  longestLease: number;
  before: Hold | undefined;
  after: Hold | undefined;
  /** The shortest lease of the extensions that went unanswered, in ms, and until when one of them may still arrive. */
  private doubt: { leaseMs: number; until: number } | undefined;
  private isPassedOn = false;
  isRenewed = true;
  private state: 'held' | 'released' | LockLossReason = 'held';
  private lease: Lease;
  private bound: Lease | undefined;
  private listeners: Set<() => void> | undefined;
  private readonly owner: HoldOwner;

  constructor(
    grant: Grant,
    private readonly clock: Clock,
  ) {
    ({ key: this.key, token: this.token, fence: this.fence, request: this.request, owner: this.owner } = grant);
    this.enteredAt = grant.entered.monotonic;
    this.ttl = this.request.ttl;
    this.bound = boundOf(this.request, grant.entered);
    this.lease = Lease.granted(grant.sent, grant.leaseMs);
    this.longestLease = grant.leaseMs;
    this.renewAt = this.nextRenewal(grant.sent, grant.leaseMs);
  }

  /** The lease as this process knows it: the next caller's, where the lock is passed on without the store. */
  get knownLease(): Lease {
    return this.lease;
  }

  /** Goes on with the lease of the caller before, who had the same token; it is renewed when a third of it has passed. */
  takeOver(lease: Lease, now: Instant): void {
    this.lease = lease;
    this.renewAt = this.request.renew ? now.monotonic + Math.max(0, this.leftMs(now) - (2 / 3) * this.ttl) : Infinity;
  }

  /** Only now does its caller enter, with a lease that was asked for then: it had to be kept until others could be had as well. */
  enter(request: LockRequest, sent: Instant, now: Instant): void {
    this.request = request;
    this.enteredAt = now.monotonic;
    this.ttl = request.ttl;
    this.bound = boundOf(request, now);
    this.renewAt = this.nextRenewal(sent, request.leaseMs);
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
    const bound = this.bound === undefined ? ttl : Lease.covering(this.bound.left(now));
    const most = Math.min(ttl, this.doubtAt(now)?.leaseMs ?? ttl, bound);
    const leaseMs = Math.ceil(Math.max(most, this.keepMs(now)));
    this.longestLease = Math.max(this.longestLease, leaseMs);
    return leaseMs;
  }

  /** When a lease that was asked for then is to be renewed, on the monotonic clock: at a third of it; never where maxHold ends it anyway. */
  nextRenewal(sent: Instant, leaseMs: number): number {
    const last = !this.request.renew || !this.isRenewed || (this.bound !== undefined && Lease.covering(this.bound.left(sent)) <= leaseMs);
    return last ? Infinity : sent.monotonic + Math.min(this.ttl, leaseMs) / 3;
  }

  /** What is left to ask for whoever goes on with it from now on. */
  requestFrom(now: Instant): LockRequest {
    const { request } = this;
    const { maxHold } = request;
    const heldMs = now.monotonic - this.enteredAt;
    return { ...request, ttl: this.ttl, holdAtLeast: this.keepMs(now), maxHold: maxHold === undefined ? undefined : maxHold - heldMs };
  }

  /** It is about to end, or to become another one: until then there is only its deadline to watch. */
  stopRenewing(): void {
    this.isRenewed = false;
    this.renewAt = Infinity;
  }

  /** How long a release must leave the lock in place for holdAtLeast, in ms. */
  keepMs(now: Instant): number {
    return Math.max(0, this.request.holdAtLeast - (now.monotonic - this.enteredAt));
  }

  /** A renewal was answered: raises the deadline, unless an extension was sent since, or may be. @returns whether it is believed */
  confirm(sent: Instant, leaseMs: number, extensions: number): boolean {
    if (extensions !== this.extensions || this.pendingExtensions > 0) return false;
    this.lease = this.lease.later(Lease.granted(sent, leaseMs));
    return true;
  }

  /** An extension is about to be sent: it may shorten the lease, so from now on only the shorter one is believed. */
  beginExtension(sent: Instant, leaseMs: number): number {
    this.lease = this.lease.earlier(Lease.granted(sent, leaseMs));
    this.pendingExtensions++;
    return ++this.extensions;
  }

  /**
   * An extension was answered, or will not be. Of several that were under way at once nobody knows which took effect last: none is believed.
   * @returns whether it was the last of several
   */
  endExtension(extension: number): boolean {
    const wasAlone = extension === this.extensions && this.pendingExtensions === 1;
    if (!wasAlone) this.extensions++;
    return --this.pendingExtensions === 0 && !wasAlone;
  }

  /** An extension went unanswered: until that moment, on the monotonic clock, it may arrive and shorten a longer lease. */
  doubtExtension(leaseMs: number, until: number): void {
    const least = Math.min(leaseMs, this.doubt?.leaseMs ?? leaseMs);
    this.doubt = { leaseMs: least, until: Math.max(until, this.doubt?.until ?? until) };
  }

  /** For how long a lease of that length cannot be had, in ms, since a shorter extension may still arrive. */
  doubtMs(ttl: number, now: Instant): number {
    const doubt = this.doubtAt(now);
    return doubt === undefined || doubt.leaseMs >= ttl ? 0 : doubt.until - now.monotonic;
  }

  /** Runs once when the lock is lost; never after a release, nor after the function that it returns was called. */
  onLoss(listener: () => void): () => void {
    const listeners = (this.listeners ??= new Set());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  lose(reason: LockLossReason): void {
    if (this.state !== 'held') return;
    this.state = reason;
    const listeners = this.listeners;
    this.listeners = undefined;
    for (const listener of listeners ?? []) listener();
    this.owner.onLost(this);
  }

  /** The caller gave it up, and somebody else of this process goes on with it. */
  passOn(): void {
    this.isPassedOn = true;
    this.endAsReleased();
  }

  /** The caller gave it up. */
  endAsReleased(): void {
    this.state = 'released';
    this.listeners = undefined;
    this.owner.onReleased(this);
  }

  /** The store's answer to the release was that it had not been ours any more. */
  releasedTooLate(): void {
    if (!this.isPassedOn) this.state = 'taken';
  }

  private doubtAt(now: Instant): typeof this.doubt {
    if (this.doubt !== undefined && this.doubt.until <= now.monotonic) this.doubt = undefined;
    return this.doubt;
  }
}

function boundOf({ maxHold }: LockRequest, entered: Instant): Lease | undefined {
  return maxHold === undefined ? undefined : Lease.until(entered, maxHold);
}
