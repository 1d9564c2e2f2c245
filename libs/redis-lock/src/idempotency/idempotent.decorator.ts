import type { IdempotencyOptions } from './idempotency.options.js';
import { markRoute } from './routes/mark-route.js';

/**
 * Lets a route run once for each key that its clients send: a repeated request gets the first one's reply, byte for byte, and the handler does not
 * run again. On a method, or on a controller for all of its routes; GET, HEAD and OPTIONS pass. The interceptor comes along; listing it in
 * `@UseInterceptors()` or as APP_INTERCEPTOR as well changes nothing but its place in the order.
 *
 * ```ts
 * @Post()
 * @Idempotent({ scope: (context) => context.switchToHttp().getRequest().user.id })
 * create(@Body() order: CreateOrderDto): Promise<Order> { … }
 * ```
 *
 * Clients send `Idempotency-Key: <a UUID>` (draft-ietf-httpapi-idempotency-key-header-07). Answers of its own are problem documents (RFC 9457):
 * 400 for a key that is missing or malformed, 422 for a key that was used for another request, 409 with `Retry-After` while the first one runs,
 * 503 while Redis cannot be asked; see {@link IdempotencyException}. The application does not start where an option is wrong, or none says whose
 * replies may be given to whom.
 *
 * The handler does not depend on its client's connection: when that goes, it runs on, and its reply is kept for the retry. What it returns as a
 * stream is read into memory, up to `maxBody`.
 *
 * @param options win over those of the class, and those over the module's `idempotency`; see {@link IdempotencyOptions} for the defaults
 * @throws LockOptionsError when the decorator runs, on anything that is no method and no class
 */
export function Idempotent(options: IdempotencyOptions = {}): ClassDecorator & MethodDecorator {
  return markRoute({ kind: 'replay', options });
}
