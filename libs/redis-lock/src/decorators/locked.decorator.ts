import type { Duration } from '../duration.js';
import type { LockOptions } from '../lock/lock-options.js';
import { keysOfCall } from './key-of-call.js';
import type { LockKeySource } from './lock-key-source.js';
import { readOptions, type LockedOptions, type OnBusy } from './locked-options.js';
import { lockingDecorator, type LockingDecorator, type LockingKind } from './locking-decorator.js';

const LOCKED: LockingKind<string | readonly string[], LockOptions | undefined> = {
  decorator: '@Locked',
  keyOf: keysOfCall,
  optionsOf: (given) => readOptions(given),
  enter: (locks, key, options, section) => (options === undefined ? locks.withLock(key, section) : locks.withLock(key, options, section)),
};

/**
 * Runs a method only while it holds a lock: one at a time for each key, across all instances of the application.
 *
 * ```ts
 * @Locked('inventory:{productId}', '10s')
 * async decrement(productId: string, quantity: number): Promise<void> { … }
 *
 * @Locked((order: Order) => `order:${order.customer.id}`, { wait: 0, message: 'We are on it already.' })
 * @Locked(['account:{from}', 'account:{to}'], '10s') // both at once
 * @Cron('0 3 * * *') @Locked('stats:daily', { ttl: '5m', wait: 0, onBusy: 'skip' })
 * ```
 *
 * **Key.** `{productId}` stands for a parameter, `{order.id}` for a path into it, `{0.id}` for a position, `{{` and `}}` for braces. A value is a
 * string, a finite number, a bigint or a boolean. It is written so that two different lists of arguments never make one key: `%`, `:`, `~`,
 * braces, control characters and the character that separates it from the next value are percent-encoded, and two values with nothing between
 * them are kept apart by `%.`. Names are read from the method's source when the decorator runs; {@link LockKey} names a parameter where they are
 * minified, destructured, or hidden by another decorator's wrapper. Annotate the parameters of a key function: the compiler then holds them
 * against the method's. A list of templates, or an array that a key function returns, is several keys: the method holds all of them, and however
 * they are ordered, calls do not block each other for ever.
 *
 * **Result.** The method must return a promise, and what it returns or throws passes untouched. The class needs Nest: LockService is injected into
 * its instances, also into those of subclasses. Inside the method `LockService.current()` is the lock, and the same key is entered again
 * without waiting, by the class's own methods and by others.
 *
 * **Order.** Above or below `@Cron`, `@OnEvent`, `@MessagePattern`, routes, guards and `@ApiOperation`, as you like. But above `@Transactional`
 * (or whatever opens a transaction): a lock that is released before the commit protects nothing. Where that is seen to be wrong, a warning is
 * logged; wrappers made of a Proxy, those of `@nestjs-cls/transactional` for instance, cannot be seen.
 *
 * @param key a template, a list of templates, or a function of the method's arguments
 * @param options the lease as a duration (a number is ms), or {@link LockedOptions}; what is left out comes from the module's options
 * @throws LockOptionsError when the decorator runs, at start-up: a wrong option or template, an unknown name, a getter, a static, an Observable
 * @throws LockKeyError then for text that no key may contain
 *
 * Calls reject with LockBusyError (see `onBusy`), LockStoreError and LockLostError as {@link LockService.withLock} does; with LockKeyError, before
 * the method runs, for a value that is missing, empty, or no text; with LockOptionsError for an instance that Nest did not make, an option that
 * the module's settings do not allow, or an Observable that came back.
 */
export function Locked<const K extends LockKeySource, const B extends OnBusy>(
  key: K,
  options?: Duration | LockedOptions<B>,
): LockingDecorator<K, B> {
  return lockingDecorator(LOCKED, key, options);
}
