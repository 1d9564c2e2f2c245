import { types } from 'node:util';
import type { ExecutionContext } from '@nestjs/common';
import { LockOptionsError } from '../errors/lock-options.error.js';

/** Whose a request is. @throws LockOptionsError when the user's function returns no text, and what it throws */
export type ScopeOf = (context: ExecutionContext) => string;

const GLOBAL = 'global';
const HOW = `Write a function of the request, scope: (context) => context.switchToHttp().getRequest().user.id, or scope: '${GLOBAL}' where every caller may see every reply.`;

/**
 * Reads the option `scope`. There is no default: whoever may see whose replies has to be said.
 * @param place where the option stands, for messages of the requests to come: `@Idempotent on OrdersController.create`
 * @throws LockOptionsError, whose message begins with the option's name
 */
export function scopeOfRequest(scope: unknown, place: string): ScopeOf {
  if (scope === undefined) throw new LockOptionsError(`scope: nothing says whose replies may be given to whom. ${HOW}`);
  if (scope === GLOBAL) return () => GLOBAL;
  if (typeof scope !== 'function') throw new LockOptionsError(`scope: ${describe(scope)} is no scope. ${HOW}`);
  if (types.isAsyncFunction(scope)) {
    throw new LockOptionsError('scope: the function must return the scope itself, not a promise. Look up what it needs in a guard.');
  }
  return (context) => {
    const found: unknown = Reflect.apply(scope, undefined, [context]);
    if (found === GLOBAL)
      throw new LockOptionsError(
        `${place}: scope: the function returned '${GLOBAL}', which is everybody's. Put something before it, such as 'user:'.`,
      );
    if (typeof found === 'string' && found !== '') return found;
    if (types.isPromise(found)) found.catch(() => undefined); // reported below, whatever becomes of it
    throw new LockOptionsError(
      `${place}: scope: the function returned ${describe(found)}. It must return text that is not empty, such as String(user.id).`,
    );
  };
}

/** Says nothing of the value itself, which may be a user's. */
function describe(value: unknown): string {
  if (value === '') return 'an empty string';
  if (value === undefined || value === null) return String(value);
  if (types.isPromise(value)) return 'a promise';
  return typeof value === 'string' ? 'this text' : `a value of type ${typeof value}`;
}
