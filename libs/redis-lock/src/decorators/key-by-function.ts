import { types } from 'node:util';
import { LockKeyError } from '../errors/lock-key.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import type { KeyOfCall } from './lock-key-source.js';

/** Checks what a key function made. @throws LockKeyError */
export type TakeKey<K> = (made: unknown, place: string) => K;

/**
 * Calls the user's function for the key of each call.
 * @throws LockOptionsError for a function that can be seen to return a promise
 */
export function keyByFunction<K>(make: (...args: unknown[]) => unknown, decorated: DecoratedMethod, take: TakeKey<K>): KeyOfCall<K> {
  const place = placeOf(decorated);
  if (types.isAsyncFunction(make)) {
    throw new LockOptionsError(
      `${place}: the key function must return the key itself, not a promise. Look up what it needs before the call.`,
    );
  }
  return (self, args) => take(Reflect.apply(make, self, args), place);
}

/** One key, for what can have no more. @throws LockKeyError */
export function oneKey(made: unknown, place: string): string {
  if (typeof made === 'string') return made;
  throw refusal(made, place, described(made), 'one key, a string');
}

/** One key or several. Whether each can be a key is checked where it is used, as that of a single one is. @throws LockKeyError */
export function oneOrSeveralKeys(made: unknown, place: string): string | readonly string[] {
  if (typeof made === 'string') return made;
  const fault = Array.isArray(made) ? faultAmong(made) : described(made);
  // No fault: an array of strings.
  if (fault === undefined) return made as string[];
  throw refusal(made, place, fault, 'a key, a string, or several of them in an array');
}

/** What is wrong with several keys, as far as their types tell; undefined where nothing is. */
function faultAmong(keys: readonly unknown[]): string | undefined {
  if (keys.length === 0) return 'an empty array';
  const at = keys.findIndex((key) => typeof key !== 'string');
  return at === -1 ? undefined : `${described(keys[at])} among its keys`;
}

function refusal(made: unknown, place: string, fault: string, wanted: string): LockKeyError {
  for (const one of [made].flat()) {
    if (types.isPromise(one)) one.catch(() => undefined); // nobody will look at it any more
  }
  return new LockKeyError(`${place}: the key function returned ${fault}. It must return ${wanted}.`);
}

/** Says what was returned instead of a key. */
function described(value: unknown): string {
  if (types.isPromise(value)) return 'a promise';
  if (Array.isArray(value)) return 'several keys';
  return value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
}
