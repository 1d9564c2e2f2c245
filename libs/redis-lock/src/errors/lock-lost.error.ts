import { LockError } from './lock.error.js';

/** Why a lock is no longer held by the one who acquired it. */
export type LockLossReason = 'expired' | 'taken' | 'forced' | 'max-hold' | 'shutdown' | 'released';

const EXPLANATION: Record<LockLossReason, string> = {
  expired: 'its lease ran out before it could be renewed',
  taken: 'the store no longer knows us as its owner',
  forced: 'an operator released it by force',
  'max-hold': 'it was held for maxHold',
  shutdown: 'the application shut down before the section ended',
  released: 'it was released',
};

/**
 * The lock was lost while it was still needed. Work done since may have run beside another holder:
 * only a resource that checks the fence is safe against that.
 */
export class LockLostError extends LockError {
  readonly code = 'LOCK_LOST';
  /** Why it is no longer held. */
  readonly reason: LockLossReason;
  /** What the guarded function returned, where it finished after the loss; its error, where it threw, is `cause`. */
  readonly result: unknown;

  constructor(key: string, reason: LockLossReason, outcome: { result?: unknown; cause?: unknown } = {}) {
    super(`The lock '${key}' is no longer held: ${EXPLANATION[reason]}.`, key, 'cause' in outcome ? { cause: outcome.cause } : undefined);
    this.reason = reason;
    this.result = outcome.result;
  }
}
