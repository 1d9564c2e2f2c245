import { HttpException, type HttpStatus } from '@nestjs/common';

/** An error that clients can tell apart by its code; answered as a problem document, as the errors of locks are. */
export abstract class ProblemException extends HttpException {
  protected constructor(
    status: HttpStatus,
    /** Stable, machine-readable. */
    readonly code: string,
    detail: string,
    /** One line per fault, where there are several. */
    readonly faults?: readonly string[],
  ) {
    super(detail, status);
  }
}
