import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { apiProblem, RETRY_AFTER } from './api-problem.js';

/** What is documented otherwise than by default: as `@Idempotent()` was told. */
export interface ApiIdempotentOptions {
  /** Default `'Idempotency-Key'`. */
  header?: string;
  /** Default true. */
  required?: boolean;
}

/**
 * Documents a route with `@Idempotent()` for `@nestjs/swagger`: the header that carries the key, and the answers that the interceptor gives
 * of its own, 400, 409, 422 and 503 as problem documents. The handler's own replies are documented as always.
 */
export function ApiIdempotent({ header = 'Idempotency-Key', required = true }: ApiIdempotentOptions = {}): ClassDecorator &
  MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: header,
      required,
      description:
        'A key of its own for each new request, for instance a UUID. A request that is repeated with the same key gets the first reply.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      example: '8e03978e-40d5-43e8-bc93-6894a57f9324',
    }),
    apiProblem(400, required ? ['IDEMPOTENCY_KEY_MISSING', 'IDEMPOTENCY_KEY_INVALID'] : ['IDEMPOTENCY_KEY_INVALID']),
    apiProblem(409, ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_OUTCOME_UNKNOWN', 'IDEMPOTENCY_NOT_REPLAYABLE'], RETRY_AFTER),
    apiProblem(422, ['IDEMPOTENCY_KEY_REUSED']),
    apiProblem(503, ['IDEMPOTENCY_STORE_UNAVAILABLE'], RETRY_AFTER),
  );
}
