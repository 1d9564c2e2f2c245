import { LockKeyError } from '../errors/lock-key.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { checkKey } from '../lock/lock-key.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import { encodingBefore } from './key-encoding.js';
import { parseKeyTemplate, type KeyTemplate } from './key-template.js';
import { keyValueReader } from './key-value.js';
import type { KeyOfCall } from './lock-key-source.js';
import { methodParameters } from './method-parameters.js';

/**
 * Checks a template against its method, and returns what fills it in.
 * @throws LockOptionsError for a template that cannot be read or names unknown parameters, LockKeyError for text no key may contain
 */
export function keyByTemplate(text: string, decorated: DecoratedMethod): KeyOfCall<string> {
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
