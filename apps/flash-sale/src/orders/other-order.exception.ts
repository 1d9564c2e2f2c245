import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

/** The buyer has used the key for another order, so long ago that only the database remembers. */
export class OtherOrderException extends ProblemException {
  constructor(orderId: number) {
    super(HttpStatus.UNPROCESSABLE_ENTITY, 'OTHER_ORDER', `This key belongs to order ${orderId}, which is a different one.`);
  }
}
