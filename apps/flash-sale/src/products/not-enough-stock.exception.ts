import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class NotEnoughStockException extends ProblemException {
  constructor(productId: number, quantity: number) {
    super(HttpStatus.CONFLICT, 'NOT_ENOUGH_STOCK', `There are fewer than ${quantity} pieces of product ${productId}.`);
  }
}
