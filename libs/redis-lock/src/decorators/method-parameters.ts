import type { DecoratedMethod, Method } from './decorated-method.js';
import { parameterNamesGiven } from './lock-key.decorator.js';
import { readParameterList, type ParameterList } from './parameter-list.js';
import { unwrap } from './wrapped-methods.js';

/** What is known of a method's parameters when its decorator runs. */
export interface MethodParameters {
  /** Name to position, those given by `@LockKey` first. */
  readonly names: ReadonlyMap<string, number>;
  /** How many there are; undefined where there may be more than can be seen. */
  readonly count: number | undefined;
  /** The position of a rest parameter. */
  readonly rest: number | undefined;
  /** Positions that have a default, which the method fills in only when it runs. */
  readonly withDefault: ReadonlySet<number>;
  /** Another decorator's function stands before the method, and its parameters say nothing. */
  readonly isHidden: boolean;
}

/** Reads them from the source text of the method and from `@LockKey`. */
export function methodParameters(decorated: DecoratedMethod): MethodParameters {
  const given = parameterNamesGiven(decorated.prototype, decorated.key);
  const list = visibleList(decorated);
  const names = new Map(given);
  list?.parameters.forEach(({ name }, position) => {
    if (name !== undefined && !names.has(name)) names.set(name, position);
  });
  const rest = list?.parameters.findIndex(({ isRest }) => isRest) ?? -1;
  return {
    names,
    count: list === undefined || list.takesMore || rest !== -1 ? undefined : list.parameters.length,
    rest: rest === -1 ? undefined : rest,
    withDefault: new Set(list?.parameters.flatMap(({ hasDefault }, position) => (hasDefault ? [position] : []))),
    isHidden: list === undefined,
  };
}

/**
 * The parameters of the method itself. A foreign function before it is believed only where it names the very same ones: `(...args)`,
 * native code (a Proxy) and another number of them than the compiler counted say nothing about what stands at which position.
 */
function visibleList({ prototype, key, method, original }: DecoratedMethod): ParameterList | undefined {
  const outer = unwrap(method);
  const list = readParameterList(outer);
  if (list === undefined) return undefined;
  const body = unwrap(original);
  if (body !== outer && !sameNames(list, readParameterList(body))) return undefined;
  const types: unknown = Reflect.getOwnMetadata('design:paramtypes', prototype, key);
  if (Array.isArray(types) && types.length !== list.parameters.length) return undefined;
  return list;
}

function sameNames(list: ParameterList, other: ParameterList | undefined): boolean {
  return (
    other?.parameters.length === list.parameters.length &&
    other.parameters.every(({ name }, position) => name !== undefined && name === list.parameters[position]?.name)
  );
}

/** The function that the class body defines, as far as can be told; a wrapper of our own is looked through. */
export function isMethodItself({ method, original }: { method: Method; original: Method }): boolean {
  return unwrap(method) === unwrap(original);
}
