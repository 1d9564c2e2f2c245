import { types } from 'node:util';
import type { ExecutionContext } from '@nestjs/common';
import { encodingBefore } from '../decorators/key-encoding.js';
import { parseKeyTemplate, type KeyTemplate, type Placeholder } from '../decorators/key-template.js';
import { textOf } from '../decorators/key-value.js';
import { LockKeyError } from '../errors/lock-key.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';

/**
 * What a request is compared by.
 * @throws LockKeyError where a value is missing, LockOptionsError where the user's function returns no text, and what it throws
 */
export type GuardKeyOf = (context: ExecutionContext) => string;

/** What a template can speak of, as Express's request and Fastify's have it. */
type Request = Readonly<Record<string, unknown>>;
type ReadValue = (request: Request) => unknown;

/** What is an object in every request, so that a path has to lead into it. */
const OBJECTS = ['headers', 'params', 'query'];
const ROOTS = [...OBJECTS, 'body', 'user', 'ip'];
const HOW = "Write a template of the request, key: 'order:create:{body.orderNo}', or a function of the context that returns text.";

/**
 * Reads the option `key` of `@PreventDuplicate`. Values are written into a template's key as `@Locked` writes them: no two lists of values make
 * one key.
 * @param place for messages of the requests to come: `@PreventDuplicate on OrdersController.create`
 * @throws LockOptionsError, whose message begins with the option's name
 */
export function guardKey(key: unknown, place: string): GuardKeyOf {
  // A function that is called through Reflect.apply only.
  if (typeof key === 'function') return keyByFunction(key as (context: ExecutionContext) => unknown, place);
  if (typeof key === 'string' && key !== '') return keyByTemplate(key, place);
  throw new LockOptionsError(`key: ${key === undefined ? 'nothing says what makes a request a duplicate' : 'this is no key'}. ${HOW}`);
}

function keyByFunction(make: (context: ExecutionContext) => unknown, place: string): GuardKeyOf {
  if (types.isAsyncFunction(make)) {
    throw new LockOptionsError('key: the function must return the key itself, not a promise. Look up what it needs in a guard.');
  }
  return (context) => {
    const key: unknown = Reflect.apply(make, undefined, [context]);
    if (typeof key === 'string' && key !== '') return key;
    if (key === undefined || key === null || key === '') {
      throw new LockKeyError(
        `${place}: the key function returned ${key === '' ? 'an empty string' : String(key)}; the handler was not run.`,
      );
    }
    if (types.isPromise(key)) key.catch(() => undefined); // reported below, whatever becomes of it
    throw new LockOptionsError(
      `${place}: key: the function returned ${types.isPromise(key) ? 'a promise' : `a value of type ${typeof key}`}. It must return text.`,
    );
  };
}

function keyByTemplate(text: string, place: string): GuardKeyOf {
  const template = readTemplate(text);
  const { literals, placeholders } = template;
  const [first = ''] = literals;
  const parts = placeholders.map((placeholder, i) => ({
    placeholder,
    read: valueReader(placeholder, template),
    encode: encodingBefore(i === placeholders.length - 1 ? undefined : literals[i + 1]),
    literal: literals[i + 1] ?? '',
  }));
  return (context) => {
    const request = context.switchToHttp().getRequest<Request>();
    return parts.reduce((key, { placeholder, read, encode, literal }) => {
      const value = read(request);
      const found = textOf(value);
      if (found !== undefined) return key + encode(found) + literal;
      throw new LockKeyError(`${place}: ${placeholder.text} in the template '${text}' is ${describe(value)}; the handler was not run.`);
    }, first);
  };
}

function readTemplate(text: string): KeyTemplate {
  try {
    return parseKeyTemplate(text);
  } catch (error) {
    if (!(error instanceof LockOptionsError)) throw error;
    throw new LockOptionsError(`key: ${error.message} Here a template speaks of the request: ${ROOTS.join(', ')}.`);
  }
}

function valueReader({ text, root, path }: Placeholder, template: KeyTemplate): ReadValue {
  const refuse = (why: string): never => {
    throw new LockOptionsError(`key: ${text} in the template '${template.text}' ${why}`);
  };
  if (!ROOTS.includes(root)) refuse(`names nothing in a request. There are: ${ROOTS.join(', ')}.`);
  if (OBJECTS.includes(root) && path.length === 0) refuse(`is an object. Write a path into it, such as {${root}.id}.`);
  if (root === 'ip' && path.length > 0) refuse('leads nowhere. Write {ip}.');
  // A dot may be part of a header's name.
  if (root === 'headers') return headerReader(path.join('.').toLowerCase());
  return (request) => {
    let value: unknown = request[root];
    for (const step of path) {
      if (value === undefined || value === null) break;
      // A step into a value of any kind; primitives have properties too.
      value = (value as Record<string, unknown>)[step];
    }
    return value;
  };
}

function headerReader(name: string): ReadValue {
  return ({ headers }) => (typeof headers === 'object' && headers !== null ? (headers as Request)[name] : undefined);
}

/** Says nothing of what is in it. */
function describe(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value} that is no value`;
}
