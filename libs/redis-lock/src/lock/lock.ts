import type { Duration } from '../duration.js';

/** A lock that was acquired. `await using lock = await locks.acquire(...)` releases it at the end of the block. */
export interface Lock extends AsyncDisposable {
  /** The key as the caller wrote it, or the keys. */
  readonly key: string | string[];
  /** The fencing token: rises strictly from grant to grant. Hand it to the resource and let that refuse lower ones. @throws LockOptionsError for several keys: see `fences` */
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
   * Turns a lock that is held alone into one that is shared with other readers, without letting a writer in between; readers in line begin at once.
   * The handle goes on as a reader's, with the same fence, and is what this resolves to.
   * @throws LockLostError when it is no longer held
   * @throws LockOptionsError for a reader, a permit, several keys, or while nested sections of the same hold run
   * @throws LockStoreError when the answer is not known; it is given up then
   */
  downgrade(): Promise<Lock>;
  /**
   * Gives the lock up. Idempotent: every call returns the first one's outcome.
   * `'lost'` says that it was no longer held when this was called.
   * @throws LockStoreError when the store did not answer; it is released in the background as soon as the store is back, at the latest by its lease.
   */
  release(): Promise<'released' | 'lost'>;
}

/** One lock. */
export interface SingleLock extends Lock {
  readonly key: string;
}

/** A lock that is shared with other readers, or a permit: there is nothing to downgrade. */
export interface SharedLock extends SingleLock {
  readonly downgrade: never;
}

/** Several locks at once. */
export interface LockSet extends Lock {
  readonly key: string[];
  /** Each key has its own: see `fences`. */
  readonly fence: never;
  readonly downgrade: never;
}
