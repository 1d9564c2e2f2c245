import { LockOptionsError } from '../errors/lock-options.error.js';

const NAMES = Symbol('names given by @LockKey');
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * Names a parameter for the key templates of `@Locked` on the same method: `buy(@LockKey('orderId') { id }: Order)` makes `{orderId}` known.
 * Optional: a parameter's own name is known by itself, unless the code is minified, the parameter is destructured, or another decorator
 * below wraps the method. Where both exist, the name given here is meant.
 * @throws LockOptionsError at start-up, for something that is no name, a name given twice, or a place that is no method's parameter
 */
export function LockKey(name: string): ParameterDecorator {
  return (target, key, position) => {
    const where = `@LockKey(${JSON.stringify(name)})`;
    if (key === undefined) throw new LockOptionsError(`${where} belongs on a parameter of a method, not of a constructor.`);
    if (typeof position !== 'number')
      throw new LockOptionsError(`${where} belongs on a parameter of ${String(key)}, not on ${String(key)} itself.`);
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new LockOptionsError(
        `${where} on ${String(key)}: write a name such as 'productId'; paths into it are written in the template.`,
      );
    }
    const names = new Map(parameterNamesGiven(target, key));
    if (names.has(name)) throw new LockOptionsError(`${where} on ${String(key)}: two parameters have this name.`);
    Reflect.defineMetadata(NAMES, names.set(name, position), target, key);
  };
}

/** Name to position, as `@LockKey` gave them to the parameters of one method. */
export function parameterNamesGiven(prototype: object, key: string | symbol): ReadonlyMap<string, number> {
  // Written above only.
  return (Reflect.getOwnMetadata(NAMES, prototype, key) as ReadonlyMap<string, number> | undefined) ?? new Map();
}
