import { HttpException } from '@nestjs/common';
import { IdempotencyException } from '../../../libs/redis-lock/src/idempotency/idempotency.exception.js';

describe('every code has its status and a problem document', () => {
  it.each([
    ['IDEMPOTENCY_KEY_MISSING', 400],
    ['IDEMPOTENCY_KEY_INVALID', 400],
    ['IDEMPOTENCY_KEY_REUSED', 422],
    ['IDEMPOTENCY_IN_PROGRESS', 409],
    ['IDEMPOTENCY_OUTCOME_UNKNOWN', 409],
    ['IDEMPOTENCY_NOT_REPLAYABLE', 409],
    ['IDEMPOTENCY_STORE_UNAVAILABLE', 503],
    ['DUPLICATE_SUBMIT', 409],
    ['DUPLICATE_KEY_MISSING', 400],
  ] as const)('%s: %d', (code, status) => {
    const exception = new IdempotencyException(code);
    expect(exception).toBeInstanceOf(HttpException);
    expect(exception).toMatchObject({ name: 'IdempotencyException', code });
    expect(exception.getStatus()).toBe(status);
    const problem = exception.getResponse();
    expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'code']);
    expect(problem).toMatchObject({ type: `urn:nestjs-redis-lock:${code.toLowerCase().replaceAll('_', '-')}`, status, code });
    expect(problem.title).toMatch(/^[A-Z].*[^.]$/);
    expect(problem.detail).toMatch(/^[A-Z].*\.$/);
    expect(exception.message).toBe(problem.detail);
  });
});

it('takes the status and the text of a guard', () => {
  const exception = new IdempotencyException('DUPLICATE_SUBMIT', { status: 400, detail: '请勿重复提交', retryAfterMs: 27_001 });
  expect(exception.getStatus()).toBe(400);
  expect(exception.getResponse()).toMatchObject({ status: 400, detail: '请勿重复提交', title: 'Request was sent already' });
  expect(exception.headers).toEqual({ 'Retry-After': '28' });
});

it('keeps what the store said as its cause, and out of the answer', () => {
  const cause = new Error('redis://:secret@host is down');
  const exception = new IdempotencyException('IDEMPOTENCY_STORE_UNAVAILABLE', { cause });
  expect(exception.cause).toBe(cause);
  expect(JSON.stringify([exception.getResponse(), exception.headers, exception.message])).not.toContain('secret');
});

it.each([
  ['IDEMPOTENCY_KEY_MISSING', {}, { Link: expect.stringMatching(/^<https:\/\/\S+>; rel="describedby"$/) }],
  ['IDEMPOTENCY_KEY_INVALID', {}, {}],
  ['IDEMPOTENCY_KEY_REUSED', { retryAfterMs: 5_000 }, {}],
  ['IDEMPOTENCY_IN_PROGRESS', {}, { 'Retry-After': '1' }],
  ['IDEMPOTENCY_IN_PROGRESS', { retryAfterMs: 0 }, { 'Retry-After': '1' }],
  ['IDEMPOTENCY_IN_PROGRESS', { retryAfterMs: 1_001 }, { 'Retry-After': '2' }],
  ['IDEMPOTENCY_IN_PROGRESS', { retryAfterMs: 30_000 }, { 'Retry-After': '5' }],
  ['IDEMPOTENCY_OUTCOME_UNKNOWN', { retryAfterMs: 5_000 }, {}],
  ['IDEMPOTENCY_NOT_REPLAYABLE', {}, {}],
  ['IDEMPOTENCY_NOT_REPLAYABLE', { location: '/orders/42' }, { Location: '/orders/42' }],
  ['IDEMPOTENCY_STORE_UNAVAILABLE', {}, { 'Retry-After': '1' }],
  ['DUPLICATE_SUBMIT', {}, {}],
  ['DUPLICATE_SUBMIT', { retryAfterMs: 0 }, { 'Retry-After': '1' }],
  ['DUPLICATE_KEY_MISSING', {}, {}],
] as const)('%s with %j has the headers %j', (code, details, headers) => {
  expect(new IdempotencyException(code, details).headers).toEqual(headers);
});
