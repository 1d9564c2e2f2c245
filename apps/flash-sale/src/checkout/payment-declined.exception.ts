import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class PaymentDeclinedException extends ProblemException {
  constructor() {
    super(HttpStatus.PAYMENT_REQUIRED, 'PAYMENT_DECLINED', 'The card was declined. Nothing was charged, and nothing is set aside.');
  }
}
