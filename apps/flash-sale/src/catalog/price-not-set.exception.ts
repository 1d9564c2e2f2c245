import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class PriceNotSetException extends ProblemException {
  constructor(productId: number) {
    super(HttpStatus.NOT_FOUND, 'PRICE_NOT_SET', `Product ${productId} has no price yet.`);
  }
}
