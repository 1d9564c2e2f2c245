import { LockError } from './lock.error.js';

/** An option, a decorator or a call is wrong; the message says what to write instead. */
export class LockOptionsError extends LockError {
  readonly code = 'LOCK_OPTIONS';

  constructor(message: string, details: { key?: string; cause?: unknown } = {}) {
    super(message, details.key, details.cause === undefined ? undefined : { cause: details.cause });
  }
}
