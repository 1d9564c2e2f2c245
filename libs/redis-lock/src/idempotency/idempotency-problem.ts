/** The codes of all answers that idempotency and `@PreventDuplicate` give of their own. */
export type IdempotencyErrorCode =
  | 'IDEMPOTENCY_KEY_MISSING'
  | 'IDEMPOTENCY_KEY_INVALID'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'IDEMPOTENCY_OUTCOME_UNKNOWN'
  | 'IDEMPOTENCY_NOT_REPLAYABLE'
  | 'IDEMPOTENCY_STORE_UNAVAILABLE'
  | 'DUPLICATE_SUBMIT'
  | 'DUPLICATE_KEY_MISSING';

/** The body of such an answer: a problem document of RFC 9457. */
export interface IdempotencyProblem {
  /** Names the kind of problem; the same for ever. */
  readonly type: string;
  /** The kind in words, the same for every problem of the kind. */
  readonly title: string;
  readonly status: number;
  /** This one problem, for a human reader. */
  readonly detail: string;
  readonly code: IdempotencyErrorCode;
}

interface Kind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const KINDS: Record<IdempotencyErrorCode, Kind> = {
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    title: 'Idempotency key is missing',
    detail: 'This request needs a key of its own in a header, so that it can be repeated safely.',
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    title: 'Idempotency key is not valid',
    detail: 'The key is text of 1 to 255 printable ASCII characters, sent once.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'Idempotency key is used already',
    detail: 'A different request was sent with this key. Give each new request a key of its own.',
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    title: 'Request is in progress',
    detail: 'The first request with this key is still being worked on. Try again later.',
  },
  IDEMPOTENCY_OUTCOME_UNKNOWN: {
    status: 409,
    title: 'Outcome is unknown',
    detail: 'The first request with this key broke off. It may have been done in full, in part, or not at all.',
  },
  IDEMPOTENCY_NOT_REPLAYABLE: {
    status: 409,
    title: 'Reply cannot be repeated',
    detail: 'The request was done, and it is not done again, but its reply was too large to be kept.',
  },
  IDEMPOTENCY_STORE_UNAVAILABLE: {
    status: 503,
    title: 'Idempotency store is not available',
    detail: 'Nothing was done, since it cannot be told now whether the request is a repeated one. Try again later.',
  },
  DUPLICATE_SUBMIT: {
    status: 409,
    title: 'Request was sent already',
    detail: 'The same request was sent a moment ago. It is not done twice.',
  },
  DUPLICATE_KEY_MISSING: {
    status: 400,
    title: 'Nothing to compare',
    detail: 'A value that tells this request from others is missing.',
  },
};

/** The problem document for a code; `status` and `detail` in place of those of the kind. */
export function idempotencyProblem(code: IdempotencyErrorCode, own: { status?: number; detail?: string } = {}): IdempotencyProblem {
  const { title, status, detail } = KINDS[code];
  return {
    type: `urn:nestjs-redis-lock:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: own.status ?? status,
    detail: own.detail ?? detail,
    code,
  };
}
