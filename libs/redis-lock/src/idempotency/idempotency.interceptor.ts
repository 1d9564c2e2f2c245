import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { GuardedRequest } from './guarded-request.js';
import { IDEMPOTENCY, type IdempotencyParts } from './idempotency.tokens.js';
import { ReplayableRequest } from './replayable-request.js';
import { subjectOf } from './subject.js';

/** Requests that an interceptor of this class has in hand. */
const inHand = new WeakSet<object>();

/**
 * Does what `@Idempotent()` and `@PreventDuplicate()` ask for. The decorators bring it along; list it in `@UseInterceptors()`, or provide it as
 * APP_INTERCEPTOR, to choose its place among other interceptors: what stands outside runs for replays too, what stands inside does not. It acts
 * once for a request, however often it is listed, where it stands outermost; and not at all on routes without a decorator.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(@Inject(IDEMPOTENCY) private readonly parts: IdempotencyParts) {}

  /** @throws IdempotencyException, LockOptionsError */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const plan = this.parts.plans.planOf(context.getClass(), context.getHandler());
    if (plan === undefined) return next.handle();
    const subject = subjectOf(context);
    if (subject !== undefined) {
      if (inHand.has(subject)) return next.handle();
      inHand.add(subject);
    }
    const isHttp = context.getType() === 'http';
    // Elsewhere there is no reply that could be kept, and no request that a template could speak of.
    if (plan.kind === 'replay') return isHttp ? new ReplayableRequest(context, plan, this.parts).run(next) : next.handle();
    return isHttp || plan.settings.isKeyFunction ? new GuardedRequest(context, plan.settings, this.parts).run(next) : next.handle();
  }
}
