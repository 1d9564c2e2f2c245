import { LockOptionsError } from '../errors/lock-options.error.js';
import type { PermitOptions } from '../lock/lock-options.js';
import { checkLimit } from '../lock/lock-request.js';
import { checkNames, readOptions, type CheckedOptions, type LockingOptions, type OnBusy } from './locked-options.js';
import { MODELESS_OPTION_NAMES, withoutMode } from './read-write-options.js';

/** Options of `@Limited`: those of the permit, `limit` among them, and what the decorator does with it. */
export interface LimitedOptions<B extends OnBusy = OnBusy> extends PermitOptions, LockingOptions<B> {}

const LIMITED_OPTION_NAMES: readonly string[] = ['limit', ...MODELESS_OPTION_NAMES];

/** As {@link readOptions}, with the limit, which has no default. @throws LockOptionsError */
export function limitedOptions(given: unknown): CheckedOptions<PermitOptions> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new LockOptionsError("write options that say the limit, { limit: 5 }; a ttl stands beside it, { limit: 5, ttl: '10s' }.");
  }
  const options = withoutMode(given, 'a permit has none. Leave it out, or write @Locked, which takes a mode and no limit.');
  checkNames(options, LIMITED_OPTION_NAMES);
  // The names are right; what stands under this one is checked below.
  const { limit, ...others } = options as { limit?: unknown };
  const checked = readOptions(others, MODELESS_OPTION_NAMES);
  // No mode: that was seen to above.
  const lock = { ...checked.lock, limit: checkLimit(limit) } as PermitOptions;
  return { ...checked, lock: Object.freeze(lock) };
}
