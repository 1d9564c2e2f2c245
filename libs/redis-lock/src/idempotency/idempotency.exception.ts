import { HttpException } from '@nestjs/common';
import { idempotencyProblem, type IdempotencyErrorCode, type IdempotencyProblem } from './idempotency-problem.js';

/** What an IdempotencyException is made of, beside its code. */
export interface IdempotencyExceptionDetails {
  /** For the end user, in place of the code's own sentence. It must not contain a key. */
  readonly detail?: string;
  /** DUPLICATE_SUBMIT: the status to answer with. */
  readonly status?: number;
  /** IDEMPOTENCY_IN_PROGRESS, DUPLICATE_SUBMIT: when another try makes sense, in ms from now. */
  readonly retryAfterMs?: number;
  /** IDEMPOTENCY_NOT_REPLAYABLE: the Location of the reply that was not kept. */
  readonly location?: string;
  readonly cause?: unknown;
}

/** Where a client learns what the key is for; the draft asks for such a link. */
const DESCRIBED_BY = '<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>; rel="describedby"';
/** Whoever waits for a request that is still running comes back soon: it may be over long before its lease. */
const LONGEST_RETRY_SECONDS = 5;

/**
 * The answer to a request that idempotency or `@PreventDuplicate` did not let through: its handler did not run. `getResponse()` is the problem
 * document of RFC 9457, `headers` belong to the answer, and `cause` is what the store said, where it was the store. Keys appear in none of them.
 */
export class IdempotencyException extends HttpException {
  /** Stable, machine-readable kind of the error. */
  readonly code: IdempotencyErrorCode;
  /** Headers of the answer: `Retry-After`, `Link`, `Location`, each where there is something to say. */
  readonly headers: Readonly<Record<string, string>>;
  private readonly problem: IdempotencyProblem;

  constructor(code: IdempotencyErrorCode, details: IdempotencyExceptionDetails = {}) {
    const problem = idempotencyProblem(code, details);
    super(problem, problem.status, { cause: details.cause });
    this.message = problem.detail;
    this.code = code;
    this.problem = problem;
    this.headers = headersOf(code, details);
  }

  override getResponse(): IdempotencyProblem {
    return this.problem;
  }
}

function headersOf(code: IdempotencyErrorCode, { retryAfterMs, location }: IdempotencyExceptionDetails): Record<string, string> {
  switch (code) {
    case 'IDEMPOTENCY_KEY_MISSING':
      return { Link: DESCRIBED_BY };
    case 'IDEMPOTENCY_IN_PROGRESS':
      return { 'Retry-After': String(Math.min(seconds(retryAfterMs ?? 0), LONGEST_RETRY_SECONDS)) };
    case 'DUPLICATE_SUBMIT':
      return retryAfterMs === undefined ? {} : { 'Retry-After': String(seconds(retryAfterMs)) };
    case 'IDEMPOTENCY_STORE_UNAVAILABLE':
      return { 'Retry-After': '1' };
    case 'IDEMPOTENCY_NOT_REPLAYABLE':
      return location === undefined ? {} : { Location: location };
    default:
      return {};
  }
}

/** Whole seconds, at least 1. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
