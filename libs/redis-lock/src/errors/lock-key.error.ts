import { LockError } from './lock.error.js';

/** A lock key, or a value that a key template asks for, cannot be used. The guarded method did not run. */
export class LockKeyError extends LockError {
  readonly code = 'LOCK_KEY';

  constructor(message: string, key?: string) {
    super(message, key);
  }
}
