import { LockError } from './lock.error.js';

/** What a LockBusyError is made of. */
export interface LockBusyDetails {
  waitedMs: number;
  retryAfterMs: number;
  message?: string;
  /** A message that was written for the end user. */
  publicMessage?: string;
  cause?: unknown;
}

/** Somebody else held the lock for as long as the caller was willing to wait, or too many callers were waiting already. */
export class LockBusyError extends LockError {
  readonly code = 'LOCK_BUSY';
  /** How long the caller waited, in ms. */
  readonly waitedMs: number;
  /** When another try is likely to succeed, in ms from now: what is left of the holder's lease when it was last seen. A hint. */
  readonly retryAfterMs: number;
  /** The message, where it was written for the end user (the decorators' option `message`); undefined where it names the lock. */
  readonly publicMessage: string | undefined;

  constructor(key: string, details: LockBusyDetails) {
    super(
      details.publicMessage ?? details.message ?? `The lock '${key}' is busy; gave up after ${String(details.waitedMs)} ms.`,
      key,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.waitedMs = details.waitedMs;
    this.retryAfterMs = details.retryAfterMs;
    this.publicMessage = details.publicMessage;
  }
}
