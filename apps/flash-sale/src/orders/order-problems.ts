import { HttpStatus } from '@nestjs/common';
import { LOCK_PROBLEMS, type Problems } from '../problems/api-problems.decorator.js';

/** Behind BearerTokenGuard. */
export const NOT_SIGNED_IN = {
  [HttpStatus.UNAUTHORIZED]: { NOT_SIGNED_IN: 'Say who you are: Authorization: Bearer <userId>.' },
} satisfies Problems;

/** What can go wrong wherever an order is made. */
export const ORDER_PROBLEMS = {
  ...NOT_SIGNED_IN,
  ...LOCK_PROBLEMS,
  [HttpStatus.NOT_FOUND]: { PRODUCT_NOT_FOUND: 'There is no product 99.' },
  [HttpStatus.CONFLICT]: {
    SOLD_OUT: 'Product 1 is sold out.',
    LOCK_BUSY: 'Somebody else is working on the same thing. Try again later.',
  },
  [HttpStatus.SERVICE_UNAVAILABLE]: {
    ...LOCK_PROBLEMS[HttpStatus.SERVICE_UNAVAILABLE],
    IDEMPOTENCY_STORE_UNAVAILABLE: 'Nothing was done, since it cannot be told now whether the request is a repeated one. Try again later.',
  },
} satisfies Problems;
