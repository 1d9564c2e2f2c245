import { LockStoreError } from '../../errors/lock-store.error.js';

/** What Redis says where a right is missing: 7 in a script, the others. */
const NOT_ALLOWED = /NOPERM|can't run this command/;

/** Does something, and says what to do where the Redis user has no right to it. @throws LockStoreError */
export async function explainMissingRights(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof LockStoreError) || !NOT_ALLOWED.test(error.message)) throw error;
    throw new LockStoreError(`${error.message} Give the Redis user the rights that the README lists.`, { cause: error });
  }
}
