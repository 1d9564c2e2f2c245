import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

/** Somebody with a higher fence has been here: the caller's lock was lost before it knew. Nothing was written. */
export class StaleFenceException extends ProblemException {
  constructor(productId: number, fence: number) {
    super(HttpStatus.CONFLICT, 'STALE_FENCE', `Product ${productId} has been claimed with a higher fence than ${fence}. Please try again.`);
  }
}
