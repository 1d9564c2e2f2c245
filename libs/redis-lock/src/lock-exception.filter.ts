import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import { LockError } from './errors/lock.error.js';
import { lockProblem, retryAfterSeconds } from './errors/lock-problem.js';
import { replyWithProblem } from './problem-reply.js';

/**
 * Answers HTTP requests that end in a LockError, on Express and on Fastify:
 *
 * | Error | Status | Header |
 * | --- | --- | --- |
 * | LockBusyError | 409 | `Retry-After`: what is left of the holder's lease, in whole seconds, at least 1 |
 * | LockStoreError | 503 | `Retry-After: 1` |
 * | LockLostError | 500 | |
 * | LockKeyError | 400 | |
 * | LockOptionsError | 500 | |
 *
 * The body is `application/problem+json` (RFC 9457): `{ type, title, status, detail, code, retryAfterMs? }`. `detail` is the decorator's `message`
 * where there is one; keys, places in the code and what the store said are only logged.
 *
 * Use it as `app.useGlobalFilters(new LockExceptionFilter())`, as `{ provide: APP_FILTER, useClass: LockExceptionFilter }` or in `@UseFilters()`.
 * Outside of HTTP it rethrows the error, for microservices as the failed stream that Nest expects there.
 */
@Catch(LockError)
export class LockExceptionFilter implements ExceptionFilter<LockError> {
  private readonly logger = new Logger('RedisLock');

  catch(exception: LockError, host: ArgumentsHost): unknown {
    const context = host.getType<string>();
    // What is thrown at a microservice's server is lost: the caller would wait for ever.
    if (context === 'rpc') return throwError(() => exception);
    if (context !== 'http') throw exception;
    const problem = lockProblem(exception);
    this.report(exception, problem.status);
    const seconds = retryAfterSeconds(exception);
    replyWithProblem(host.switchToHttp().getResponse(), problem, seconds === undefined ? {} : { 'Retry-After': String(seconds) });
    return undefined;
  }

  /** The body does not say what happened, so that the log must. */
  private report(exception: LockError, status: number): void {
    const { message, cause, stack } = exception;
    if (status >= 500) this.logger.error(cause instanceof Error ? `${message} (${cause.message})` : message, stack);
    else if (exception.code === 'LOCK_KEY') this.logger.warn(message);
  }
}
