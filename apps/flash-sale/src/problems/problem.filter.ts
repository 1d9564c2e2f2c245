import { STATUS_CODES } from 'node:http';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ProblemDto } from './problem.dto.js';
import { ProblemException } from './problem.exception.js';

/** Answers our own errors by RFC 9457. */
@Catch(ProblemException)
export class ProblemFilter implements ExceptionFilter<ProblemException> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: ProblemException, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const status = exception.getStatus();
    const problem: ProblemDto = {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: exception.message,
      code: exception.code,
      ...(exception.faults && { faults: exception.faults }),
    };
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    httpAdapter.reply(response, problem, status);
  }
}
