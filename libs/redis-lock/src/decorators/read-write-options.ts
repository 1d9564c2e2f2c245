import { LockOptionsError } from '../errors/lock-options.error.js';
import type { LockOptions } from '../lock/lock-options.js';
import { LOCKED_OPTION_NAMES, readOptions, type CheckedOptions, type LockingOptions, type OnBusy } from './locked-options.js';

/** Options of `@ReadLocked` and `@WriteLocked`: those of `@Locked` without the mode, which the decorator's name says. */
export interface ReadWriteLockedOptions<B extends OnBusy = OnBusy> extends Omit<LockOptions, 'mode'>, LockingOptions<B> {
  mode?: never;
}

/** The options of a decorator whose mode is no option. */
export const MODELESS_OPTION_NAMES: readonly string[] = LOCKED_OPTION_NAMES.filter((name) => name !== 'mode');

const ADVICE =
  '@ReadLocked reads and @WriteLocked writes. Leave it out and write the one that is meant, or write @Locked, which takes a mode.';

/** As {@link readOptions}, with the mode that the decorator's name says. @throws LockOptionsError */
export function readWriteOptions(given: unknown, mode: 'read' | 'write'): CheckedOptions<LockOptions> {
  const options = typeof given === 'object' && given !== null ? withoutMode(given, ADVICE) : given;
  const checked = readOptions(options, MODELESS_OPTION_NAMES);
  return { ...checked, lock: Object.freeze({ ...checked.lock, mode }) };
}

/**
 * Untyped code may say a mode where it is no option.
 * @param advice what to write instead
 * @throws LockOptionsError
 */
export function withoutMode(given: object, advice: string): object {
  if (!('mode' in given)) return given;
  const { mode, ...options } = given;
  if (mode !== undefined) throw new LockOptionsError(`mode: ${advice}`);
  return options;
}
