import { LockError } from './lock.error.js';

/** Somebody else held the lock for as long as the caller was willing to wait, or too many callers were waiting already. */
export class LockBusyError extends LockError {
  readonly code = 'LOCK_BUSY';
  /** How long the caller waited, in ms. */
  readonly waitedMs: number;
  /** When another try is likely to succeed, in ms from now: what is left of the holder's lease when it was last seen. A hint. */
  readonly retryAfterMs: number;

  constructor(key: string, details: { waitedMs: number; retryAfterMs: number; message?: string; cause?: unknown }) {
    super(
      details.message ?? `The lock '${key}' is busy; gave up after ${String(details.waitedMs)} ms.`,
      key,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.waitedMs = details.waitedMs;
    this.retryAfterMs = details.retryAfterMs;
  }
}
