import type { Duration } from '../duration.js';
import type { DecoratorCheck, TargetCheck } from './decorator-check.js';
import type { LockedOptions, OnBusy } from './locked-options.js';
import { lockingDecorator } from './locking-decorator.js';

/** A key template, or a function of the method's arguments. Its parameters may be of any type; the compiler holds them against the method's. */
export type LockKeySource = string | { key(...args: unknown[]): string }['key'];

/** A method decorator that the compiler holds against the method it stands on. It may also be given to Nest's `applyDecorators`, unchecked. */
export interface LockingDecorator<K, B = OnBusy> {
  // Never called. A second signature makes the compiler compare this type with `MethodDecorator` without its type parameters.
  (nothing: never): never;
  <T extends object, F>(
    target: T & TargetCheck<T>,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & DecoratorCheck<K, B, F>,
  ): void;
}

/**
 * Runs a method only while it holds a lock: one at a time for each key, across all instances of the application.
 *
 * ```ts
 * @Locked('inventory:{productId}', '10s')
 * async decrement(productId: string, quantity: number): Promise<void> { … }
 *
 * @Locked((order: Order) => `order:${order.customer.id}`, { wait: 0, message: 'We are on it already.' })
 * @Cron('0 3 * * *') @Locked('stats:daily', { ttl: '5m', wait: 0, onBusy: 'skip' })
 * ```
 *
 * **Key.** `{productId}` stands for a parameter, `{order.id}` for a path into it, `{0.id}` for a position, `{{` and `}}` for braces. A value is a
 * string, a finite number, a bigint or a boolean. It is written so that two different lists of arguments never make one key: `%`, `:`, `~`,
 * braces, control characters and the character that separates it from the next value are percent-encoded, and two values with nothing between
 * them are kept apart by `%.`. Names are read from the method's source when the decorator runs; {@link LockKey} names a parameter where they are
 * minified, destructured, or hidden by another decorator's wrapper. Annotate the parameters of a key function: the compiler then holds them
 * against the method's.
 *
 * **Result.** The method must return a promise, and what it returns or throws passes untouched. The class needs Nest: LockService is injected into
 * its instances, also into those of subclasses. Inside the method `LockService.current()` is the lock, and the same key is entered again
 * without waiting, by the class's own methods and by others.
 *
 * **Order.** Above or below `@Cron`, `@OnEvent`, `@MessagePattern`, routes, guards and `@ApiOperation`, as you like. But above `@Transactional`
 * (or whatever opens a transaction): a lock that is released before the commit protects nothing. Where that is seen to be wrong, a warning is
 * logged; wrappers made of a Proxy, those of `@nestjs-cls/transactional` for instance, cannot be seen.
 *
 * @param key a template, or a function of the method's arguments
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
  // The checks are types; what they guard takes any method.
  return lockingDecorator('@Locked', key, options, (locks, name, lockOptions, section) =>
    lockOptions === undefined ? locks.withLock(name, section) : locks.withLock(name, lockOptions, section),
  ) as LockingDecorator<K, B>;
}
