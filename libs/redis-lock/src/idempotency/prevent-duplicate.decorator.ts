import type { PreventDuplicateOptions } from './idempotency.options.js';
import { markRoute } from './routes/mark-route.js';

/**
 * Refuses a request that was sent a moment ago: the first one with a key runs, the others within the window are answered with `status`, a
 * `Retry-After` and `message`. Nothing is replayed; where clients retry and want the reply, use {@link Idempotent}.
 *
 * ```ts
 * @Post()
 * @PreventDuplicate({ key: 'order:create:{headers.x-request-id}', scope: 'global', window: '30s', status: 400, message: '请勿重复提交' })
 * create(@Body() order: CreateOrderDto): Promise<Order> { … }
 * ```
 *
 * A value that the key needs and the request lacks is 400 DUPLICATE_KEY_MISSING; while Redis cannot be asked it is 503, never the client's fault.
 * A request that is refused before its handler starts (by validation, for instance) leaves no key behind.
 *
 * @throws LockOptionsError when the decorator runs, on anything that is no method and no class
 */
export function PreventDuplicate(options: PreventDuplicateOptions): ClassDecorator & MethodDecorator {
  return markRoute({ kind: 'guard', options });
}
