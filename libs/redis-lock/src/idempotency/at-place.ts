import { LockOptionsError } from '../errors/lock-options.error.js';

/** Puts the place in front of what a check of options says: `@Idempotent on OrdersController.create: ttl: …`. */
export function atPlace<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof LockOptionsError ? new LockOptionsError(`${place}: ${error.message}`, { cause: error.cause }) : error;
  }
}
