import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { RecordName } from '../store/record-store.interface.js';
import { fingerprintOf, fingerprintOfValue, type ComparedRequest } from './fingerprint.js';
import { HandlerRun } from './handler-run.js';
import { HttpExchange } from './http-exchange.js';
import { setIdempotencyContext, unguardedContext } from './idempotency-context.decorator.js';
import type { Begun } from './idempotency-engine.js';
import { IdempotencyException, type IdempotencyExceptionDetails } from './idempotency.exception.js';
import type { IdempotencyErrorCode } from './idempotency-problem.js';
import type { IdempotencyParts } from './idempotency.tokens.js';
import { readKeyHeader } from './key-header.js';
import { plainBody } from './plain-body.js';
import { operationName } from './record-naming.js';
import { withHeaders } from './refusal.js';
import { OutcomeKeeper } from './outcome-keeper.js';
import { markStatus } from './reply/marker-headers.js';
import { replay } from './reply/replay.js';
import { ReplyCapture } from './reply/reply-capture.js';
import type { RunningAttempt } from './running-attempt.js';
import { openReply } from './sealed-reply.js';
import type { ReplayPlan } from './routes/route-plans.js';

/** One request to a route with `@Idempotent()`. */
export class ReplayableRequest {
  private readonly exchange: HttpExchange;

  constructor(
    private readonly context: ExecutionContext,
    private readonly plan: ReplayPlan,
    private readonly parts: IdempotencyParts,
  ) {
    this.exchange = new HttpExchange(context);
  }

  /** @throws IdempotencyException, LockOptionsError, and what the user's functions throw */
  async run(next: CallHandler): Promise<Observable<unknown>> {
    if (this.exchange.isSafe) return this.pass(next);
    const key = this.readKey();
    if (key === undefined) return this.pass(next);
    const begun = await this.begin(key);
    switch (begun?.status) {
      case undefined:
        markStatus(this.exchange.response, 'bypassed');
        return this.pass(next);
      case 'started':
        return this.runHandler(begun.attempt, key, next);
      case 'done':
        await this.replay(begun.reply);
        return of(undefined);
      case 'unreplayable':
        throw await this.notReplayable(begun.reply);
      case 'running':
        throw this.refusal('IDEMPOTENCY_IN_PROGRESS', { retryAfterMs: begun.leaseLeftMs });
      case 'unknown':
        throw this.refusal('IDEMPOTENCY_OUTCOME_UNKNOWN');
      case 'mismatch':
        throw this.refusal('IDEMPOTENCY_KEY_REUSED');
    }
  }

  private pass(next: CallHandler): Observable<unknown> {
    setIdempotencyContext(this.context, unguardedContext());
    return next.handle();
  }

  /** Undefined where none is needed. */
  private readKey(): string | undefined {
    const { header, required } = this.plan.settings;
    const { headers, rawHeaders } = this.exchange.rawRequest;
    const found = readKeyHeader(headers[header.toLowerCase()], rawHeaders, header);
    if (found.kind === 'key') return found.key;
    if (found.kind === 'invalid')
      throw this.refusal('IDEMPOTENCY_KEY_INVALID', { detail: `The key in ${header} cannot be used: ${found.reason}.` });
    if (!required) return undefined;
    throw this.refusal('IDEMPOTENCY_KEY_MISSING', {
      detail: `This request needs a key of its own in the header ${header}, so that it can be repeated safely.`,
    });
  }

  /** Undefined where the store could not be asked, and the handler is to run all the same. */
  private async begin(key: string): Promise<Begun | undefined> {
    const { settings } = this.plan;
    const { engine, log } = this.parts;
    const request = {
      name: this.nameOf(key),
      fingerprint: await this.fingerprint(),
      retentionMs: settings.ttlMs,
      leaseMs: settings.leaseMs,
      takeOver: settings.onLeaseExpired === 'retry',
    };
    try {
      return settings.concurrency === 'wait'
        ? await engine.beginOrWait(request, settings.waitMs, () => this.exchange.isForlorn)
        : await engine.begin(request);
    } catch (error) {
      if (!(error instanceof LockStoreError)) throw error;
      log.warn(`An idempotent request was ${settings.onStoreError === 'open' ? 'let through unguarded' : 'refused'}: ${error.message}`);
      if (settings.onStoreError === 'open') return undefined;
      throw this.refusal('IDEMPOTENCY_STORE_UNAVAILABLE', { cause: error });
    }
  }

  private nameOf(key: string): RecordName {
    const { exchange, plan } = this;
    const route = plan.version === '' ? exchange.route : `${exchange.route} version ${plan.version}`;
    return operationName({ scope: plan.settings.scopeOf(this.context), method: exchange.method, route, params: exchange.params, key });
  }

  private fingerprint(): Buffer | Promise<Buffer> {
    const { settings, place } = this.plan;
    if (settings.fingerprint !== undefined) return fingerprintOfValue(settings.fingerprint(this.context), place);
    return fingerprintOf(this.context.switchToHttp().getRequest<ComparedRequest>(), place);
  }

  private runHandler(attempt: RunningAttempt, key: string, next: CallHandler): Observable<unknown> {
    const { settings } = this.plan;
    const run = new HandlerRun(settings.maxBodyBytes);
    const keeper = new OutcomeKeeper(attempt, run, settings, this.parts.log);
    setIdempotencyContext(this.context, {
      key,
      attempt: attempt.record.attempt,
      get signal() {
        return attempt.signal;
      },
      committed: () => keeper.commit(),
    });
    const capture = new ReplyCapture(this.exchange.rawResponse, settings.maxBodyBytes, keeper);
    attempt.onRenewal = () => {
      // Whoever writes the reply has stopped with the client: nothing will end it any more.
      if (run.hasEnded && capture.isForlorn) void capture.giveUp();
    };
    attempt.keepUp();
    return run.around(() => next.handle());
  }

  private async replay(stored: Buffer): Promise<void> {
    let reply;
    try {
      reply = await openReply(stored, this.plan.settings);
    } catch (error) {
      this.parts.log.warn(`A stored reply could not be replayed: ${error instanceof Error ? error.message : String(error)}`);
      throw this.refusal('IDEMPOTENCY_NOT_REPLAYABLE', { cause: error });
    }
    replay(this.exchange, await plainBody(reply, this.exchange.header('accept-encoding')), this.plan.answersItself);
  }

  private async notReplayable(stored: Buffer): Promise<IdempotencyException> {
    const reply = await openReply(stored, this.plan.settings).catch(() => undefined);
    const [, location] = reply?.headers.find(([name]) => name.toLowerCase() === 'location') ?? [];
    return this.refusal('IDEMPOTENCY_NOT_REPLAYABLE', location === undefined ? {} : { location });
  }

  private refusal(code: IdempotencyErrorCode, details?: IdempotencyExceptionDetails): IdempotencyException {
    return withHeaders(this.exchange.response, new IdempotencyException(code, details));
  }
}
