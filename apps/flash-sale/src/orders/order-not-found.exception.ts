import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class OrderNotFoundException extends ProblemException {
  constructor(orderId: number) {
    super(HttpStatus.NOT_FOUND, 'ORDER_NOT_FOUND', `There is no order ${orderId}.`);
  }
}
