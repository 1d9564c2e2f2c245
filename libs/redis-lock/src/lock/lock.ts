import type { Duration } from '../duration.js';

/** A lock that was acquired. `await using lock = await locks.acquire(...)` releases it at the end of the block. */
export interface Lock extends AsyncDisposable {
  /** The key as the caller wrote it. */
  readonly key: string;
  /** The fencing token: rises strictly from grant to grant. Hand it to the resource and let that refuse lower ones. */
  readonly fence: number;
  /** The fence of each key. */
  readonly fences: ReadonlyMap<string, number>;
  /** Aborts with a LockLostError when this lock is lost. Belongs to this handle, made when first read. */
  readonly signal: AbortSignal;
  /** How long the lock is held for certain from now on if nothing renews it, in ms; 0 when it is lost or released. */
  readonly expiresInMs: number;
  /** Whether the lock is held right now, by this process's clocks. No I/O. */
  readonly isHeld: boolean;
  /** Returns if the lock is held. Synchronous, no I/O. @throws LockLostError */
  assertHeld(): void;
  /**
   * Sets the lease anew, counted from now; the only call that may shorten it.
   * @param ttl default: the ttl it was acquired with
   * @throws LockLostError when it is no longer held; LockStoreError when the answer is not known
   */
  extend(ttl?: Duration): Promise<void>;
  /**
   * Gives the lock up. Idempotent: every call returns the first one's outcome.
   * `'lost'` says that it was no longer held when this was called.
   * @throws LockStoreError when the store did not answer; it is released in the background as soon as the store is back, at the latest by its lease.
   */
  release(): Promise<'released' | 'lost'>;
}
