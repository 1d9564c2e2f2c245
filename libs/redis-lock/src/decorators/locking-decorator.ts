import { LockOptionsError } from '../errors/lock-options.error.js';
import { decoratedMethod, placeOf } from './decorated-method.js';
import { GuardedMethod, type EnterLock } from './guarded-method.js';
import { keyOfCall } from './key-of-call.js';
import { injectLockService } from './lock-service-property.js';
import { readOptions } from './locked-options.js';
import { warnOfTransactionOutside } from './transaction-order.js';
import { wrapMethod } from './wrapped-methods.js';

/** What the compiler sees of a decorator is put on top of this by each of them. */
export type UncheckedDecorator = (target: object, key: string | symbol, descriptor: PropertyDescriptor) => void;

/**
 * What all decorators that hold a lock around a method have in common. Everything that can be wrong without a call is refused here, at start-up.
 * @param name how the decorator is written, for messages: `@Locked`
 */
export function lockingDecorator(name: string, key: unknown, options: unknown, enter: EnterLock): UncheckedDecorator {
  return (target, propertyKey, descriptor) => {
    const decorated = decoratedMethod(name, target, propertyKey, descriptor);
    const read = at(placeOf(decorated), () => readOptions(options));
    const guarded = new GuardedMethod({
      decorated,
      options: read,
      keyOf: keyOfCall(key, decorated),
      property: injectLockService(target, read.connection),
      enter,
    });
    const wrapped = wrapMethod(decorated.method, (self, args) => guarded.call(self, args));
    descriptor.value = wrapped;
    warnOfTransactionOutside(decorated, wrapped);
  };
}

function at<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof LockOptionsError ? new LockOptionsError(`${place}: ${error.message}`) : error;
  }
}
