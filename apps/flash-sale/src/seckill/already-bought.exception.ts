import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class AlreadyBoughtException extends ProblemException {
  constructor(productId: number, userId: string) {
    super(HttpStatus.CONFLICT, 'ALREADY_BOUGHT', `User ${userId} has bought product ${productId} already.`);
  }
}
