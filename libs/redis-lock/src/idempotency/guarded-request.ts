import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { catchError, concat, defer, EMPTY, finalize, ignoreElements, throwError, type Observable } from 'rxjs';
import { LockKeyError } from '../errors/lock-key.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import { FINGERPRINT_BYTES } from './fingerprint.js';
import type { GuardSettings } from './guard-settings.js';
import { HandlerRun } from './handler-run.js';
import { HttpExchange } from './http-exchange.js';
import { setIdempotencyContext, unguardedContext } from './idempotency-context.decorator.js';
import type { Begun } from './idempotency-engine.js';
import { IdempotencyException, type IdempotencyExceptionDetails } from './idempotency.exception.js';
import type { IdempotencyErrorCode } from './idempotency-problem.js';
import type { IdempotencyParts } from './idempotency.tokens.js';
import { guardName } from './record-naming.js';
import { withHeaders } from './refusal.js';
import type { RunningAttempt } from './running-attempt.js';

const NOTHING_TO_COMPARE = Buffer.alloc(FINGERPRINT_BYTES);

/** One request to a route with `@PreventDuplicate()`. */
export class GuardedRequest {
  constructor(
    private readonly context: ExecutionContext,
    private readonly settings: GuardSettings,
    private readonly parts: IdempotencyParts,
  ) {}

  /** @throws IdempotencyException, LockOptionsError, and what the user's functions throw */
  async run(next: CallHandler): Promise<Observable<unknown>> {
    const key = this.readKey();
    const begun = await this.begin(key);
    if (begun.status !== 'started') {
      const { status, message } = this.settings;
      throw this.refusal('DUPLICATE_SUBMIT', {
        status,
        ...(message === undefined ? {} : { detail: message }),
        ...(begun.status === 'running' ? { retryAfterMs: begun.leftMs } : {}),
      });
    }
    return this.runHandler(begun.attempt, key, next);
  }

  private readKey(): string {
    try {
      return this.settings.keyOf(this.context);
    } catch (error) {
      if (!(error instanceof LockKeyError)) throw error;
      throw this.refusal('DUPLICATE_KEY_MISSING', { cause: error });
    }
  }

  private async begin(key: string): Promise<Begun> {
    const { windowMs, scopeOf } = this.settings;
    const name = guardName({ scope: scopeOf(this.context), key });
    try {
      // The window is the lease: nobody renews it, and nobody takes it over.
      return await this.parts.engine.begin({
        name,
        fingerprint: NOTHING_TO_COMPARE,
        retentionMs: windowMs,
        leaseMs: windowMs,
        takeOver: false,
      });
    } catch (error) {
      if (!(error instanceof LockStoreError)) throw error;
      this.parts.log.warn(`A request that must not be sent twice was refused: ${error.message}`);
      throw this.refusal('IDEMPOTENCY_STORE_UNAVAILABLE', { cause: error });
    }
  }

  private runHandler(attempt: RunningAttempt, key: string, next: CallHandler): Observable<unknown> {
    const { release } = this.settings;
    const run = new HandlerRun();
    setIdempotencyContext(this.context, { ...unguardedContext(), key });
    const free = (): Observable<never> => defer(() => attempt.settle(undefined)).pipe(ignoreElements());
    const failed = (error: unknown): Observable<never> => {
      const binds = run.hasStarted && release === 'window';
      run.callOff();
      return concat(
        binds ? EMPTY : free(),
        throwError(() => error),
      );
    };
    return concat(
      run.around(() => next.handle()).pipe(catchError(failed)),
      defer(() => (release === 'finish' ? free() : EMPTY)),
    ).pipe(finalize(() => attempt.leave()));
  }

  private refusal(code: IdempotencyErrorCode, details: IdempotencyExceptionDetails): IdempotencyException {
    const exception = new IdempotencyException(code, details);
    return this.context.getType() === 'http' ? withHeaders(new HttpExchange(this.context).response, exception) : exception;
  }
}
