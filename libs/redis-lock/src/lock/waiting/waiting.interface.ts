import type { Instant } from '../../runtime/clock.js';
import type { LockStoreError } from '../../errors/lock-store.error.js';
import type { Busy } from '../attempts.js';
import type { Hold } from '../hold.js';
import type { LockRequest } from '../lock-request.js';

/** A caller who found the lock busy, or the store out of reach, and is willing to wait. */
export interface WaitRequest {
  readonly key: string;
  readonly request: LockRequest;
  /** When the caller called; `request.waitMs` counts from here. */
  readonly since: Instant;
  /** Aborts when this caller is turned away. */
  readonly gate: AbortSignal;
}

/** How callers wait. The engine knows only this, so that the way of waiting can change without it. */
export interface Waiting {
  /**
   * Resolves with the hold when it is this caller's turn.
   * Rejects with LockBusyError or LockStoreError at the end of the wait, with the signal's reason when it aborts, with the gate's when that does.
   */
  wait(waiter: WaitRequest, found: Busy | LockStoreError | undefined): Promise<Hold>;
  /** The lock may be free. */
  wake(key: string): void;
  /** Callers of this process that wait for the key. */
  callers(key: string): number;
  /** Why they still wait, where it is that the store does not answer. */
  trouble(key: string): LockStoreError | undefined;
  /** Every key that callers of this process wait for, with their number. */
  counts(): Iterable<readonly [key: string, callers: number]>;
}
