import type { Duration } from '../duration.js';
import type { LockOptions } from '../lock/lock-options.js';
import { keysOfCall } from './key-of-call.js';
import type { LockKeySource } from './lock-key-source.js';
import type { OnBusy } from './locked-options.js';
import { lockingDecorator, type LockingDecorator, type LockingKind } from './locking-decorator.js';
import { readWriteOptions, type ReadWriteLockedOptions } from './read-write-options.js';

const WRITE_LOCKED: LockingKind<string | readonly string[], LockOptions> = {
  decorator: '@WriteLocked',
  keyOf: keysOfCall,
  optionsOf: (given) => readWriteOptions(given, 'write'),
  enter: (locks, key, options, section) => locks.withLock(key, options, section),
};

/**
 * Runs a method while it holds a lock for writing: alone, as with {@link Locked}. The name says that others of the same key may be
 * {@link ReadLocked}, which shows an example of both.
 *
 * ```ts
 * @WriteLocked('price:{productId}', { ttl: '10s', wait: '2s' })
 * async setPrice(productId: string, price: Price): Promise<void> { … }
 * ```
 *
 * No reader joins while a writer waits, so that readers without end do not keep it out.
 *
 * @param key as of {@link Locked}
 * @param options the lease as a duration (a number is ms), or {@link ReadWriteLockedOptions}; there is no `mode` among them
 * @throws as {@link Locked}; calls reject with LockOptionsError inside a method that holds the same key for reading
 */
export function WriteLocked<const K extends LockKeySource, const B extends OnBusy>(
  key: K,
  options?: Duration | ReadWriteLockedOptions<B>,
): LockingDecorator<K, B> {
  return lockingDecorator(WRITE_LOCKED, key, options);
}
