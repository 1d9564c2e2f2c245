import { LockOptionsError } from '../errors/lock-options.error.js';
import { decoratedMethod, placeOf, type DecoratedMethod } from './decorated-method.js';
import type { DecoratorCheck, TargetCheck } from './decorator-check.js';
import { GuardedMethod, type EnterLock } from './guarded-method.js';
import type { KeyOfCall } from './lock-key-source.js';
import { injectLockService } from './lock-service-property.js';
import type { CheckedOptions, OnBusy } from './locked-options.js';
import { warnOfTransactionOutside } from './transaction-order.js';
import { wrapMethod } from './wrapped-methods.js';

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

/** What tells one decorator that holds a lock around a method from another. `K` is what it makes of a call's key, `L` the lock's own options. */
export interface LockingKind<K, L> {
  /** How it is written, for messages: `@Locked`. */
  readonly decorator: string;
  /** Checks the key that the decorator was given. @throws LockOptionsError, LockKeyError */
  readonly keyOf: (key: unknown, decorated: DecoratedMethod) => KeyOfCall<K>;
  /** Checks its options. @throws LockOptionsError */
  readonly optionsOf: (given: unknown) => CheckedOptions<L>;
  readonly enter: EnterLock<K, L>;
}

/**
 * What all decorators that hold a lock around a method have in common. Everything that can be wrong without a call is refused here, at start-up.
 * @param key as the user wrote it
 * @param options as the user wrote them
 */
export function lockingDecorator<S, B, K, L>(kind: LockingKind<K, L>, key: S, options: unknown): LockingDecorator<S, B> {
  const decorate = (target: object, propertyKey: string | symbol, descriptor: PropertyDescriptor): void => {
    const decorated = decoratedMethod(kind.decorator, target, propertyKey, descriptor);
    const checked = at(placeOf(decorated), () => kind.optionsOf(options));
    const guarded = new GuardedMethod({
      decorated,
      options: checked,
      keyOf: kind.keyOf(key, decorated),
      property: injectLockService(target, checked.connection),
      enter: kind.enter,
    });
    const wrapped = wrapMethod(decorated.method, (self, args) => guarded.call(self, args));
    descriptor.value = wrapped;
    warnOfTransactionOutside(decorated, wrapped);
  };
  // The checks are types; what they guard takes any method.
  return decorate as LockingDecorator<S, B>;
}

function at<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof LockOptionsError ? new LockOptionsError(`${place}: ${error.message}`) : error;
  }
}
