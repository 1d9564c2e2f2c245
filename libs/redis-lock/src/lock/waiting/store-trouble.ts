import { LockBusyError } from '../../errors/lock-busy.error.js';
import type { LockStoreError } from '../../errors/lock-store.error.js';
import type { Clock, Timer, Timers } from '../../runtime/clock.js';
import type { WaitRequest } from './wait-request.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;

/** Why a line still waits: the store does not answer, or the lock is busy for a while. What its callers are told when their wait is over. */
export class StoreTrouble {
  error: LockStoreError | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private timer: Timer | undefined;
  private busyUntil = 0;

  constructor(
    private readonly parts: { readonly clock: Clock; readonly timers: Timers },
    private readonly tryAgain: () => void,
  ) {}

  /** Whether it is too soon to ask again. */
  get isPausing(): boolean {
    return this.timer !== undefined;
  }

  /** @param then whether to try again after a pause; else somebody else does */
  note(error: LockStoreError, then?: 'pause'): void {
    this.error = error;
    if (then === undefined || this.timer !== undefined) return;
    this.timer = this.parts.timers.after(this.pauseMs, () => {
      this.timer = undefined;
      this.tryAgain();
    });
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** The store answers. */
  clear(): void {
    this.error = undefined;
    this.pauseMs = FIRST_PAUSE_MS;
    this.close();
  }

  /** What is left of the holder's lease, in ms, as far as it is known. */
  busyFor(leaseLeftMs: number | undefined): void {
    this.busyUntil = this.parts.clock.now().monotonic + (leaseLeftMs ?? 0);
  }

  verdict({ key, since }: WaitRequest): Error {
    if (this.error !== undefined) return this.error;
    const now = this.parts.clock.now().monotonic;
    return new LockBusyError(key, {
      waitedMs: Math.round(now - since.monotonic),
      retryAfterMs: Math.max(0, Math.round(this.busyUntil - now)),
    });
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
