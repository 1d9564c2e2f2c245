/** Why an attempt does not own its record any more. */
export type AttemptLossReason = 'expired' | 'taken' | 'answered';

const MESSAGES: Record<AttemptLossReason, string> = {
  expired: 'The record of this request could not be renewed before its lease ran out: another attempt may have begun.',
  taken: 'The record of this request was taken over by a later attempt, or purged.',
  answered: 'The request was answered before its handler started, so that the handler must not start any more.',
};

/**
 * The reason of `IdempotencyContext.signal`: the attempt's record is somebody else's, or may be by now. Another attempt may run the same
 * operation; what this one answers is not stored.
 */
export class AttemptLostError extends Error {
  override readonly name = 'AttemptLostError';
  readonly code = 'IDEMPOTENCY_ATTEMPT_LOST';

  constructor(readonly reason: AttemptLossReason) {
    super(MESSAGES[reason]);
  }
}
