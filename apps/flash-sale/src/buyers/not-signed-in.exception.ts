import { HttpStatus } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';

export class NotSignedInException extends ProblemException {
  constructor() {
    super(HttpStatus.UNAUTHORIZED, 'NOT_SIGNED_IN', 'Say who you are: Authorization: Bearer <userId>.');
  }
}
