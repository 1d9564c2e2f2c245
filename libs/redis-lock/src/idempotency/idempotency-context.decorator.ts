import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { subjectOf } from './subject.js';

/** What a handler may know of the attempt it is. */
export interface IdempotencyContext {
  /** The key that the client sent; undefined where it sent none, or where the store was not asked. */
  readonly key: string | undefined;
  /** 1, and one more each time that a process has died and another took over. */
  readonly attempt: number;
  /** Aborts with an AttemptLostError when another attempt may have begun: stop before the next step that cannot be taken back. */
  readonly signal: AbortSignal;
  /** The work is done for good: from now on any outcome is stored, errors too, and the handler never runs again for this key. */
  committed(): void;
}

const contexts = new WeakMap<object, IdempotencyContext>();

/** For a request that nothing is known of. */
export function unguardedContext(): IdempotencyContext {
  return { key: undefined, attempt: 1, signal: new AbortController().signal, committed: () => undefined };
}

/** What the handler that is called in there will be given. */
export function setIdempotencyContext(call: ExecutionContext, context: IdempotencyContext): void {
  const subject = subjectOf(call);
  if (subject !== undefined) contexts.set(subject, context);
}

/**
 * Gives a handler the {@link IdempotencyContext} of its request: `create(@Body() order: CreateOrderDto, @IdempotencyContext() idempotency: IdempotencyContext)`.
 * @throws LockOptionsError on a route that has no `@Idempotent()` or `@PreventDuplicate()`
 */
export const IdempotencyContext = createParamDecorator((_data: unknown, context: ExecutionContext): IdempotencyContext => {
  const subject = subjectOf(context);
  const found = subject && contexts.get(subject);
  if (found !== undefined) return found;
  throw new LockOptionsError(
    `@IdempotencyContext() on ${context.getClass().name}.${context.getHandler().name}: the route has no @Idempotent() or @PreventDuplicate().`,
  );
});
