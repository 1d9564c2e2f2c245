import { ApiResponse } from '@nestjs/swagger';
import { idempotencyProblem, type IdempotencyErrorCode } from '../idempotency/idempotency-problem.js';

/** Headers of an answer, as OpenAPI describes them. */
type Headers = NonNullable<Parameters<typeof ApiResponse>[0]['headers']>;

export const RETRY_AFTER: Headers = {
  'Retry-After': { description: 'When another try makes sense, in seconds.', schema: { type: 'integer', minimum: 1 } },
};

/** Documents the answers with one status: a problem document, and the codes it may have. */
export function apiProblem(status: number, codes: readonly IdempotencyErrorCode[], headers?: Headers): ClassDecorator & MethodDecorator {
  const problems = codes.map((code) => idempotencyProblem(code, { status }));
  return ApiResponse({
    status,
    description: problems.map(({ code, title }) => `${title} (${code}).`).join(' '),
    ...(headers === undefined ? {} : { headers }),
    content: {
      'application/problem+json': {
        schema: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail', 'code'],
          properties: {
            type: { type: 'string', format: 'uri' },
            title: { type: 'string' },
            status: { type: 'integer', enum: [status] },
            detail: { type: 'string' },
            code: { type: 'string', enum: [...codes] },
          },
        },
        examples: Object.fromEntries(problems.map((problem) => [problem.code, { value: problem }])),
      },
    },
  });
}
