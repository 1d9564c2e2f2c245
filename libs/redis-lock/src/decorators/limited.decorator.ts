import type { PermitOptions } from '../lock/lock-options.js';
import { keyOfCall } from './key-of-call.js';
import { limitedOptions, type LimitedOptions } from './limited-options.js';
import type { OneKeySource } from './lock-key-source.js';
import type { OnBusy } from './locked-options.js';
import { lockingDecorator, type LockingDecorator, type LockingKind } from './locking-decorator.js';

const LIMITED: LockingKind<string, PermitOptions> = {
  decorator: '@Limited',
  keyOf: keyOfCall,
  optionsOf: limitedOptions,
  enter: (locks, key, options, section) => locks.withPermit(key, options, section),
};

/**
 * Runs a method only while it holds one permit of a counting semaphore: so many at a time for each key, across all instances of the application.
 *
 * ```ts
 * @Limited('geocoder', { limit: 5, ttl: '20s' })
 * async locate(address: string): Promise<Position> { … }
 *
 * @Limited('export:{tenantId}', { limit: 2, wait: 0, message: 'Two exports are running already.' })
 * async exportAll(tenantId: string): Promise<void> { … }
 * ```
 *
 * Every method and every instance that uses a key must say the same limit: while permits are held, calls with another one, or for a lock of the
 * key, reject with LockOptionsError. `onBusy`, `message` and `connection` are as of {@link Locked}.
 *
 * @param key a template, or a function of the method's arguments; one key, never several
 * @param options {@link LimitedOptions}: `limit` is required, an integer from 1 to 1,000,000; what else is left out comes from the module's options
 * @throws as {@link Locked}; LockOptionsError also for a missing limit, a mode, or several keys
 */
export function Limited<const K extends OneKeySource, const B extends OnBusy>(key: K, options: LimitedOptions<B>): LockingDecorator<K, B> {
  return lockingDecorator(LIMITED, key, options);
}
