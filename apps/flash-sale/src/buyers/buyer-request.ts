import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';

/** What BearerTokenGuard needs of a request, and what it leaves in it. */
export interface BuyerRequest {
  readonly headers: IncomingHttpHeaders;
  /** Who asks; there behind the guard only. */
  user?: { readonly id: string };
}

/**
 * Who asks: also the scope of idempotency, so that no buyer is ever given another one's reply.
 * @throws TypeError on a route without BearerTokenGuard
 */
export function buyerOf(context: ExecutionContext): string {
  const { user } = context.switchToHttp().getRequest<BuyerRequest>();
  if (user === undefined) throw new TypeError(`${context.getClass().name}.${context.getHandler().name} needs BearerTokenGuard.`);
  return user.id;
}
