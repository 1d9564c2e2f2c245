import { Lease } from '../lock/lease.js';
import { atMost } from '../runtime/at-most.js';
import type { Clock, Instant, Timer, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { Attempt, Outcome, RecordStore } from '../store/record-store.interface.js';
import { AttemptLostError, type AttemptLossReason } from './attempt-lost.error.js';

/** What attempts need. */
export interface AttemptParts {
  readonly store: RecordStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
  /** Aborts when the store is about to close. */
  readonly closed: AbortSignal;
}

/** How long a client waits for its reply to be stored, in ms; then it is sent all the same. */
const STORE_MS = 500;
const RENEW_SHARE = 1 / 3;
const RETRY_SHARE = 1 / 30;
const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 5_000;

/** An operation that is ours to run, from begin to its outcome. Its lease is renewed meanwhile. */
export class RunningAttempt {
  /** Called at each renewal. */
  onRenewal: (() => void) | undefined;
  private lease: Lease;
  private timer: Timer | undefined;
  private over = false;
  private loss: AttemptLossReason | undefined;
  private controller: AbortController | undefined;
  private readonly begun: Instant;

  constructor(
    readonly record: Attempt,
    private readonly parts: AttemptParts,
    sent: Instant,
    private readonly onOver: () => void,
  ) {
    this.begun = sent;
    this.lease = Lease.granted(sent, record.leaseMs);
  }

  /** Aborts with an AttemptLostError when the record is not ours for certain. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.loss !== undefined) this.controller.abort(new AttemptLostError(this.loss));
    }
    return this.controller.signal;
  }

  /** Keeps the lease up until the attempt is settled, or the retention is over. */
  keepUp(): void {
    this.schedule(this.record.leaseMs * RENEW_SHARE);
  }

  /**
   * Stores the outcome, or, without one, lets the operation be run again. Never rejects.
   * @returns false when that has not been confirmed within 500 ms, or the record is not ours any more; it goes on in the background
   */
  async settle(outcome: Outcome | undefined): Promise<boolean> {
    return (await atMost(this.parts.timers, STORE_MS, this.persist(outcome))) === true;
  }

  /** Nothing more is done: the record stays as it is, until its retention is over. */
  leave(): void {
    this.end();
  }

  private async persist(outcome: Outcome | undefined): Promise<boolean> {
    const { store, clock, log, closed } = this.parts;
    const { record } = this;
    for (let delay = FIRST_RETRY_MS; ; delay = Math.min(2 * delay, LONGEST_RETRY_MS)) {
      try {
        const done = outcome === undefined ? await store.fail(record).then(() => true) : await store.finish(record, outcome);
        this.end();
        return done;
      } catch (error) {
        const age = clock.now().monotonic - this.begun.monotonic;
        if (closed.aborted || age > record.retentionMs) {
          this.end();
          log.warn(`The outcome of an idempotent request could not be stored (${error instanceof Error ? error.message : 'no answer'}).`);
          return false;
        }
      }
      await this.pause(delay);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.parts.timers.after(ms, resolve, { background: true }));
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.timer?.cancel();
    this.onOver();
  }

  private schedule(ms: number): void {
    if (this.over || this.parts.closed.aborted) return;
    this.timer = this.parts.timers.after(ms, () => void this.renew(), { background: true });
  }

  /** Never rejects. */
  private async renew(): Promise<void> {
    const { store, clock } = this.parts;
    const { record } = this;
    this.onRenewal?.();
    const sent = clock.now();
    if (this.lease.left(sent) <= 0) this.lose('expired');
    if (this.over || sent.monotonic - this.begun.monotonic > record.retentionMs) return;
    try {
      if (!(await store.renew(record))) {
        this.lose('taken');
        return;
      }
      this.lease = Lease.granted(sent, record.leaseMs);
      this.schedule(record.leaseMs * RENEW_SHARE);
    } catch {
      const left = this.lease.left(clock.now());
      const retry = Math.max(record.leaseMs * RETRY_SHARE, FIRST_RETRY_MS);
      this.schedule(left > 0 ? Math.min(retry, left) : retry);
    }
  }

  private lose(reason: AttemptLossReason): void {
    // What is over is no loss: its last renewal may have crossed its outcome.
    if (this.over || this.loss !== undefined) return;
    this.loss = reason;
    this.controller?.abort(new AttemptLostError(reason));
  }
}
