import { LockOptionsError } from '../errors/lock-options.error.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import { keyByFunction, oneKey, oneOrSeveralKeys } from './key-by-function.js';
import { keyByTemplate } from './key-by-template.js';
import type { KeyOfCall } from './lock-key-source.js';

/**
 * Checks a decorator's key as far as it can be checked at start-up, and returns what makes the key of each call.
 * @throws LockOptionsError for a template that cannot be read or names unknown parameters, LockKeyError for text no key may contain
 */
export function keyOfCall(key: unknown, decorated: DecoratedMethod): KeyOfCall<string> {
  // What it is called with was checked where the method was called.
  if (typeof key === 'function') return keyByFunction(key as (...args: unknown[]) => unknown, decorated, oneKey);
  return fromText(key, decorated, Array.isArray(key) ? ` ${decorated.decorator} takes one key.` : '');
}

/** As {@link keyOfCall}, for a decorator that also takes several keys at once. */
export function keysOfCall(key: unknown, decorated: DecoratedMethod): KeyOfCall<string | readonly string[]> {
  if (typeof key === 'function') return keyByFunction(key as (...args: unknown[]) => unknown, decorated, oneOrSeveralKeys);
  if (!Array.isArray(key)) return fromText(key, decorated, '');
  const templates: readonly unknown[] = key;
  const makers = templates.map((template) =>
    fromText(template, decorated, " A list has templates only, ['account:{from}', 'account:{to}']; one function may return all the keys."),
  );
  if (makers.length === 0) throw new LockOptionsError(`${placeOf(decorated)}: the list of keys is empty. Write a template for each key.`);
  return (self, args) => makers.map((make) => make(self, args));
}

function fromText(key: unknown, decorated: DecoratedMethod, advice: string): KeyOfCall<string> {
  if (typeof key === 'string') return keyByTemplate(key, decorated);
  throw new LockOptionsError(
    `${placeOf(decorated)}: the key is a template such as 'inventory:{productId}', or a function of the method's arguments that returns a key.${advice}`,
  );
}
