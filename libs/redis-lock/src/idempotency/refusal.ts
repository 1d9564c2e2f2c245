import { set } from './reply/marker-headers.js';
import type { FrameworkResponse } from './http-exchange.js';
import type { IdempotencyException } from './idempotency.exception.js';

const PROBLEM = 'application/problem+json; charset=utf-8';

/** Gives the answer the headers that an exception cannot carry: Nest writes its body as JSON under the type that is set. */
export function withHeaders(response: FrameworkResponse, exception: IdempotencyException): IdempotencyException {
  set(response, 'Content-Type', PROBLEM);
  for (const [name, value] of Object.entries(exception.headers)) set(response, name, value);
  return exception;
}
