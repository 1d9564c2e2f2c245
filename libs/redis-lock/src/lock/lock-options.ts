import type { Duration } from '../duration.js';

/**
 * Polls instead of standing in line: one attempt, then up to `retries` more. A poller never overtakes the line.
 * The growing delay of the well-known guide is `{ retries: 3, delay: '100ms', backoff: 'linear' }`.
 */
export interface RetryPolicy {
  /** Further attempts after the first; 0 or more. */
  retries: number;
  /** Time before the second attempt. */
  delay: Duration;
  /** How the delay grows with the attempt n = 1, 2, 3…: `delay`, `delay * n`, `delay * 2^(n-1)`. Default `'fixed'`. */
  backoff?: 'fixed' | 'linear' | 'exponential';
  /** Share of each delay that is random, 0 to 1, spread evenly around it. Default 0. */
  jitter?: number;
}

/** What one acquisition asks for. Everything left out comes from the module's options. */
export interface LockOptions {
  /** Lease: how long the lock survives its holder. Renewed at a third of it unless `renew` is false. Default: the module's `ttl`. */
  ttl?: Duration;
  /** How long to stand in line; 0 is one attempt. The object form polls outside the line. Default: the module's `wait`. */
  wait?: Duration | RetryPolicy;
  /**
   * `'read'`: together with other readers, but not with a writer. `'write'` is what `'exclusive'` is: alone. Readers and writers take turns: no
   * reader joins while a writer waits, and when a writer leaves, all readers in line begin at once. Default `'exclusive'`.
   */
  mode?: 'exclusive' | 'read' | 'write';
  /** Extended while held. Default true. */
  renew?: boolean;
  /** Upper bound on the whole hold: renewal stops there and the lock is lost. No default. */
  maxHold?: Duration;
  /** The lease never ends earlier than this after entry, a crash or an early release included: for schedules on skewed clocks. */
  holdAtLeast?: Duration;
  /** Gives up waiting when it aborts; the call rejects with the signal's reason. A lock already granted is not touched. */
  signal?: AbortSignal;
  /** Whether a section may enter a lock that its own async context holds already. Default true. */
  reentrant?: boolean;
  /** Before entry, wait until this many replicas have the grant; too few within `timeout` is a LockStoreError. Narrows the failover window. */
  replicas?: { min: number; timeout: Duration };
  /** Shown by `inspect()`, at most 120 characters. */
  label?: string;
}

/** Options of a lock that is shared with other readers. */
export type ReadLockOptions = LockOptions & { mode: 'read' };

/** What one permit of a counting semaphore asks for. */
export interface PermitOptions extends Omit<LockOptions, 'mode'> {
  /** How many may be inside at once, 1 to 1,000,000. Everybody who uses the key must say the same, until it is idle. */
  limit: number;
  mode?: never;
}
