import { LockKeyError } from '../errors/lock-key.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { placeOf, type DecoratedMethod } from './decorated-method.js';
import type { KeyTemplate, Placeholder } from './key-template.js';
import type { MethodParameters } from './method-parameters.js';

/** Reads a placeholder's value from a call's arguments, as text. @throws LockKeyError */
export type ReadKeyValue = (args: readonly unknown[]) => string;

/**
 * Finds the parameter that a placeholder means.
 * @throws LockOptionsError when there is none
 */
export function keyValueReader(
  placeholder: Placeholder,
  template: KeyTemplate,
  parameters: MethodParameters,
  decorated: DecoratedMethod,
): ReadKeyValue {
  const { root, path } = placeholder;
  const place = placeOf(decorated);
  const isPosition = /^\d/.test(root);
  const position = isPosition ? Number(root) : parameters.names.get(root);
  if (position === undefined) throw new LockOptionsError(`${place}: ${unknownName(root, template, parameters)}`);
  if (isPosition && parameters.count !== undefined && position >= parameters.count) {
    throw new LockOptionsError(`${place}: ${unknownPosition(placeholder, template, parameters.count)}`);
  }
  const takesRest = !isPosition && position === parameters.rest;
  return (args) => {
    let value: unknown = takesRest ? args.slice(position) : args[position];
    for (const step of path) {
      if (value === undefined || value === null) break;
      // A step into a value of any kind; primitives have properties too.
      value = (value as Record<string, unknown>)[step];
    }
    const text = textOf(value);
    if (text !== undefined) return text;
    throw new LockKeyError(
      `${place}: ${placeholder.text} in the template '${template.text}' is ${describe(value)}; the method was not run.${adviceOn(value, placeholder)}` +
        (parameters.withDefault.has(position) && args[position] === undefined ? ' Its default is filled in only when it runs.' : ''),
    );
  };
}

/** The text that a value has in a key; undefined for what is none. */
export function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value;
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return undefined;
  }
}

function describe(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === undefined || value === null || typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function adviceOn(value: unknown, { root, path }: Placeholder): string {
  if (typeof value !== 'object' || value === null) return '';
  return ` Write a path to a text or a number in it, such as {${[root, ...path, 'id'].join('.')}}, or a key function.`;
}

function unknownName(name: string, { text }: KeyTemplate, { names, isHidden }: MethodParameters): string {
  const ways = `put @LockKey('${name}') on the parameter, or write its position, {0}.`;
  if (isHidden) {
    return `the parameter '${name}' of the template '${text}' cannot be found: a decorator below has wrapped the method, or its code was compiled to something else, and the names of its parameters are hidden: ${ways}`;
  }
  const known = names.size === 0 ? 'The method has no parameter with a name.' : `There are: ${[...names.keys()].join(', ')}.`;
  return `no parameter is called '${name}', as the template '${text}' says. ${known} Correct the name or, where code is minified or a parameter destructured, ${ways}`;
}

function unknownPosition({ text: placeholder }: Placeholder, { text }: KeyTemplate, count: number): string {
  const there =
    count === 0 ? 'the method has no parameters' : count === 1 ? 'there is only {0}' : `there are {0} to {${String(count - 1)}}`;
  return `${placeholder} in the template '${text}' is beyond the parameters; ${there}.`;
}
