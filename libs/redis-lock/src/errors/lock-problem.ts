import { LockBusyError } from './lock-busy.error.js';
import type { LockError, LockErrorCode } from './lock.error.js';

/** The body of an answer that tells of a LockError: a problem document of RFC 9457. */
export interface LockProblem {
  /** Names the kind of problem; the same for ever. */
  readonly type: string;
  /** The kind in words, the same for every problem of the kind. */
  readonly title: string;
  readonly status: number;
  /** This one problem, for a human reader: a `message` option where there was one. */
  readonly detail: string;
  readonly code: LockErrorCode;
  /** When another try is likely to succeed, in ms; where it is known. */
  readonly retryAfterMs?: number;
}

interface Kind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const KINDS: Record<LockErrorCode, Kind> = {
  LOCK_BUSY: { status: 409, title: 'Lock is busy', detail: 'Somebody else is working on the same thing. Try again later.' },
  LOCK_STORE: {
    status: 503,
    title: 'Lock store is not available',
    detail: 'Nothing was done, since locks cannot be taken now. Try again later.',
  },
  LOCK_LOST: {
    status: 500,
    title: 'Lock was lost',
    detail: 'The lock was lost while the work went on. It may have been done in full, in part, or not at all.',
  },
  LOCK_KEY: { status: 400, title: 'Nothing to lock', detail: 'A value that says what the request is about is missing or cannot be used.' },
  LOCK_OPTIONS: { status: 500, title: 'Locks are not set up correctly', detail: 'The server is not set up for this request.' },
};

/** What a stranger may know of an error: no key, no place in the code, nothing that the store said. */
export function lockProblem(error: LockError): LockProblem {
  const { status, title, detail } = KINDS[error.code];
  const problem = { type: `urn:nestjs-redis-lock:${error.code.toLowerCase().replace('_', '-')}`, title, status, detail, code: error.code };
  if (!(error instanceof LockBusyError)) return problem;
  return { ...problem, detail: error.publicMessage ?? detail, retryAfterMs: error.retryAfterMs };
}

/** The value of the header Retry-After, whole seconds and at least 1; undefined where trying again is no use. */
export function retryAfterSeconds(error: LockError): number | undefined {
  if (error instanceof LockBusyError) return Math.max(1, Math.ceil(error.retryAfterMs / 1_000));
  return error.code === 'LOCK_STORE' ? 1 : undefined;
}
