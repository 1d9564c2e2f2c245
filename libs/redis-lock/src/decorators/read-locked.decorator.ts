import type { Duration } from '../duration.js';
import type { LockOptions } from '../lock/lock-options.js';
import { keysOfCall } from './key-of-call.js';
import type { LockKeySource } from './lock-key-source.js';
import type { OnBusy } from './locked-options.js';
import { lockingDecorator, type LockingDecorator, type LockingKind } from './locking-decorator.js';
import { readWriteOptions, type ReadWriteLockedOptions } from './read-write-options.js';

const READ_LOCKED: LockingKind<string | readonly string[], LockOptions> = {
  decorator: '@ReadLocked',
  keyOf: keysOfCall,
  optionsOf: (given) => readWriteOptions(given, 'read'),
  enter: (locks, key, options, section) => locks.withLock(key, options, section),
};

/**
 * Runs a method while it holds a lock for reading: together with other readers of the key, but never while a writer is inside, across all
 * instances of the application. Whoever changes what is read here says {@link WriteLocked}.
 *
 * ```ts
 * @ReadLocked('price:{productId}', '10s')
 * async priceOf(productId: string): Promise<Price> { … }
 *
 * @WriteLocked('price:{productId}', '10s')
 * async setPrice(productId: string, price: Price): Promise<void> { … }
 * ```
 *
 * A reader that comes while a writer waits stands in line behind it; when a writer leaves, all readers in line begin at once. Inside a method that
 * holds the key for writing it is entered without waiting; but a reader cannot become a writer: {@link WriteLocked} of the same key inside this
 * one rejects with LockOptionsError.
 *
 * @param key as of {@link Locked}
 * @param options the lease as a duration (a number is ms), or {@link ReadWriteLockedOptions}; there is no `mode` among them
 * @throws as {@link Locked}
 */
export function ReadLocked<const K extends LockKeySource, const B extends OnBusy>(
  key: K,
  options?: Duration | ReadWriteLockedOptions<B>,
): LockingDecorator<K, B> {
  return lockingDecorator(READ_LOCKED, key, options);
}
