import { STATUS_CODES } from 'node:http';
import { applyDecorators, HttpStatus } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from './problem.dto.js';

/** What an endpoint may answer but success: per status, the codes and what each says. */
export type Problems = Partial<Record<HttpStatus, Record<string, string>>>;

/** How the library names the kinds of problem it answers. */
const LIBRARY_TITLES: Record<string, string> = {
  LOCK_BUSY: 'Lock is busy',
  LOCK_LOST: 'Lock was lost',
  LOCK_STORE: 'Lock store is not available',
  IDEMPOTENCY_KEY_MISSING: 'Idempotency key is missing',
  IDEMPOTENCY_KEY_INVALID: 'Idempotency key is not valid',
  IDEMPOTENCY_KEY_REUSED: 'Idempotency key is used already',
  IDEMPOTENCY_IN_PROGRESS: 'Request is in progress',
  IDEMPOTENCY_STORE_UNAVAILABLE: 'Idempotency store is not available',
  DUPLICATE_SUBMIT: 'Request was sent already',
  DUPLICATE_KEY_MISSING: 'Nothing to compare',
};
const COME_BACK = ['LOCK_BUSY', 'LOCK_STORE', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_STORE_UNAVAILABLE', 'DUPLICATE_SUBMIT'];
const RETRY_AFTER = { 'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer' as const } } };

/** Documents the answers of an endpoint that are problem documents. */
export function ApiProblems(problems: Problems): MethodDecorator {
  const responses = Object.entries(problems).map(([status, details]) =>
    ApiResponse({
      status: Number(status),
      description: Object.keys(details).join(' or '),
      ...(Object.keys(details).some((code) => COME_BACK.includes(code)) && { headers: RETRY_AFTER }),
      content: {
        'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) }, examples: examplesOf(Number(status), details) },
      },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDto), ...responses);
}

/** What can go wrong wherever a lock is needed. */
export const LOCK_PROBLEMS = {
  [HttpStatus.INTERNAL_SERVER_ERROR]: {
    LOCK_LOST: 'The lock was lost while the work went on. It may have been done in full, in part, or not at all.',
  },
  [HttpStatus.SERVICE_UNAVAILABLE]: { LOCK_STORE: 'Nothing was done, since locks cannot be taken now. Try again later.' },
} satisfies Problems;

function examplesOf(status: number, details: Record<string, string>): Record<string, { value: ProblemDto }> {
  return Object.fromEntries(
    Object.entries(details).map(([code, detail]) => [code, { value: { ...kindOf(status, code), status, detail, code } }]),
  );
}

function kindOf(status: number, code: string): Pick<ProblemDto, 'type' | 'title'> {
  const title = LIBRARY_TITLES[code];
  if (title === undefined) return { type: 'about:blank', title: STATUS_CODES[status] ?? '' };
  return { type: `urn:nestjs-redis-lock:${code.toLowerCase().replaceAll('_', '-')}`, title };
}
