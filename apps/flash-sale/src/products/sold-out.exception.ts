import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class SoldOutException extends ProblemException {
  constructor(productId: number) {
    super(HttpStatus.CONFLICT, 'SOLD_OUT', `Product ${productId} is sold out.`);
  }
}
