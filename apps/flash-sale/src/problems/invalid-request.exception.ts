import { HttpStatus, type ValidationError } from '@nestjs/common';
import { ProblemException } from './problem.exception.js';

/** The request is not what its endpoint asks for. */
export class InvalidRequestException extends ProblemException {
  constructor(errors: readonly ValidationError[]) {
    const faults = errors.flatMap(({ constraints = {} }) => Object.values(constraints));
    super(HttpStatus.BAD_REQUEST, 'INVALID_REQUEST', 'The request is invalid.', faults);
  }
}
