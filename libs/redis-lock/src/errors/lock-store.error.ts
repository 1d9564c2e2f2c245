import { LockError } from './lock.error.js';

/** The store (Redis) could not be reached, did not answer in time or refused; `cause` is what it said. Nothing is held. */
export class LockStoreError extends LockError {
  readonly code = 'LOCK_STORE';

  constructor(message: string, details: { key?: string; cause?: unknown } = {}) {
    super(message, details.key, details.cause === undefined ? undefined : { cause: details.cause });
  }
}
