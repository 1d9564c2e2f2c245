import { types } from 'node:util';
import { LockKeyError } from '../errors/lock-key.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { checkKey } from '../lock/lock-key.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import { encodingBefore } from './key-encoding.js';
import { parseKeyTemplate, type KeyTemplate } from './key-template.js';
import { keyValueReader } from './key-value.js';
import { methodParameters } from './method-parameters.js';

/** Makes the key of one call. @throws LockKeyError, what the user's key function throws */
export type KeyOfCall = (self: unknown, args: readonly unknown[]) => string;

/**
 * Checks a decorator's key as far as it can be checked at start-up, and returns what makes the key of each call.
 * @throws LockOptionsError for a template that cannot be read or names unknown parameters, LockKeyError for text no key may contain
 */
export function keyOfCall(key: unknown, decorated: DecoratedMethod): KeyOfCall {
  if (typeof key === 'function') return keyByFunction(key as (...args: unknown[]) => unknown, decorated);
  if (typeof key === 'string') return keyByTemplate(key, decorated);
  const several = Array.isArray(key) ? ' Several keys at once are not supported.' : '';
  throw new LockOptionsError(
    `${placeOf(decorated)}: the key is a template such as 'inventory:{productId}', or a function of the method's arguments that returns a key.${several}`,
  );
}

function keyByFunction(make: (...args: unknown[]) => unknown, decorated: DecoratedMethod): KeyOfCall {
  const place = placeOf(decorated);
  if (types.isAsyncFunction(make)) {
    throw new LockOptionsError(
      `${place}: the key function must return the key itself, not a promise. Look up what it needs before the call.`,
    );
  }
  return (self, args) => {
    const key = Reflect.apply(make, self, args);
    if (typeof key === 'string') return key;
    if (types.isPromise(key)) key.catch(() => undefined); // reported below, whatever becomes of it
    throw new LockKeyError(`${place}: the key function returned ${describe(key)}. It must return one key, a string.`);
  };
}

function keyByTemplate(text: string, decorated: DecoratedMethod): KeyOfCall {
  const template = readTemplate(text, decorated);
  const { literals, placeholders } = template;
  checkLiterals(template, decorated);
  const [first = ''] = literals;
  if (placeholders.length === 0) return () => first;
  const parameters = methodParameters(decorated);
  const parts = placeholders.map((placeholder, i) => ({
    read: keyValueReader(placeholder, template, parameters, decorated),
    encode: encodingBefore(i === placeholders.length - 1 ? undefined : literals[i + 1]),
    literal: literals[i + 1] ?? '',
  }));
  return (_self, args) => parts.reduce((key, { read, encode, literal }) => key + encode(read(args)) + literal, first);
}

function readTemplate(text: string, decorated: DecoratedMethod): KeyTemplate {
  try {
    return parseKeyTemplate(text);
  } catch (error) {
    throw error instanceof LockOptionsError ? new LockOptionsError(`${placeOf(decorated)}: ${error.message}`) : error;
  }
}

/** With the shortest value in each place: what is wrong with that key is wrong with all of them. */
function checkLiterals({ literals }: KeyTemplate, decorated: DecoratedMethod): void {
  try {
    checkKey(literals.join('0'));
  } catch (error) {
    throw error instanceof LockKeyError ? new LockKeyError(`${placeOf(decorated)}: ${error.message}`, error.key) : error;
  }
}

function describe(value: unknown): string {
  if (types.isPromise(value)) return 'a promise';
  if (Array.isArray(value)) return 'several keys';
  return value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
}
