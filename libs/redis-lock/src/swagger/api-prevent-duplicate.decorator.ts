import { applyDecorators } from '@nestjs/common';
import { apiProblem, RETRY_AFTER } from './api-problem.js';

/** What is documented otherwise than by default: as `@PreventDuplicate()` was told. */
export interface ApiPreventDuplicateOptions {
  /** Of the answer to a duplicate. Default 409. */
  status?: number;
}

/** Documents a route with `@PreventDuplicate()` for `@nestjs/swagger`: the answers to a duplicate, to a request without a key, and while the store is down. */
export function ApiPreventDuplicate({ status = 409 }: ApiPreventDuplicateOptions = {}): ClassDecorator & MethodDecorator {
  const missing = 'DUPLICATE_KEY_MISSING';
  return applyDecorators(
    // A status has one description.
    ...(status === 400
      ? [apiProblem(400, ['DUPLICATE_SUBMIT', missing], RETRY_AFTER)]
      : [apiProblem(status, ['DUPLICATE_SUBMIT'], RETRY_AFTER), apiProblem(400, [missing])]),
    apiProblem(503, ['IDEMPOTENCY_STORE_UNAVAILABLE'], RETRY_AFTER),
  );
}
