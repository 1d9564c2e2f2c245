import { Logger } from '@nestjs/common';
import { placeOf, type DecoratedMethod, type Method } from './decorated-method.js';
import { unwrap, wrappedBy } from './wrapped-methods.js';

/** `TRANSACTIONAL`, `isTransaction`, `TransactionInterceptor`: what decorators and interceptors that open transactions are called. */
const TRANSACTION = /transaction/i;
/** In code the longer word only: monitoring libraries call a request a transaction. */
const TRANSACTIONAL = /transactional/i;
/** Where `@UseInterceptors` keeps them. */
const INTERCEPTORS = '__interceptors__';

/**
 * Warns where a transaction is seen to be opened outside of the lock: it would commit after the lock was released, and whoever gets the lock next
 * reads what was there before. Decorators above run later in the same turn, so the look is taken right after it.
 *
 * What can be seen: metadata that names a transaction, unless a function already stands before the method that may have opened it inside;
 * an interceptor, which always runs outside; and the code of a function that a decorator above has put before ours.
 * A wrapper that is itself a Proxy shows nothing and passes without a warning.
 */
export function warnOfTransactionOutside(decorated: DecoratedMethod, wrapped: Method): void {
  queueMicrotask(() => {
    const sign = transactionOutside(decorated, wrapped);
    if (sign === undefined) return;
    const { decorator } = decorated;
    new Logger('RedisLock').warn(
      `${placeOf(decorated)} is inside of a transaction (${sign}): the lock is released before the commit, and the next holder does not see what ` +
        `was written. Write ${decorator} above the decorator that opens the transaction, or open it in a method that this one calls.`,
    );
  });
}

/** What gives it away; undefined where nothing does. */
function transactionOutside({ prototype, key, method, original }: DecoratedMethod, wrapped: Method): string | undefined {
  const outermost: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
  if (typeof outermost !== 'function') return undefined;
  // A function, and looked at only.
  const outer = outermost as Method;
  const foreign = foreignOutside(outer, wrapped);
  if (foreign !== undefined && TRANSACTIONAL.test(Function.prototype.toString.call(foreign)))
    return `the code of the wrapper '${foreign.name}'`;
  return interceptorOf(outer) ?? metadataOf(outer, unwrap(method) === unwrap(original) ? undefined : method);
}

/** The outermost function that is not ours, where one stands before ours. */
function foreignOutside(outer: Method, wrapped: Method): Method | undefined {
  for (let found = outer; found !== wrapped;) {
    const inside = wrappedBy(found);
    if (inside === undefined) return found;
    found = inside;
  }
  return undefined;
}

/** @param wrapper a foreign function inside of ours: what it says may be about itself */
function metadataOf(outer: Method, wrapper: Method | undefined): string | undefined {
  const keys = (Reflect.getOwnMetadataKeys(outer) as unknown[]).filter(
    (key) => wrapper === undefined || !Reflect.hasOwnMetadata(key, wrapper),
  );
  const name = keys.map(textOf).find((text) => TRANSACTION.test(text));
  return name === undefined ? undefined : `its metadata '${name}'`;
}

function textOf(key: unknown): string {
  if (typeof key === 'symbol') return key.description ?? '';
  return typeof key === 'string' ? key : '';
}

function interceptorOf(outer: Method): string | undefined {
  const interceptors: unknown = Reflect.getOwnMetadata(INTERCEPTORS, outer);
  if (!Array.isArray(interceptors)) return undefined;
  const names = interceptors.map((interceptor: unknown) => nameOf(interceptor));
  const name = names.find((candidate) => TRANSACTION.test(candidate));
  return name === undefined ? undefined : `the interceptor ${name}`;
}

function nameOf(interceptor: unknown): string {
  const type: unknown = typeof interceptor === 'object' && interceptor !== null ? interceptor.constructor : interceptor;
  return typeof type === 'function' ? type.name : '';
}
