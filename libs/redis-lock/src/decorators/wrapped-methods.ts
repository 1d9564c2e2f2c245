import type { Method } from './decorated-method.js';

const inner = new WeakMap<Method, Method>();

/**
 * Puts a function in a method's place that keeps its name, length and properties. Reflect metadata belongs to a function, so what the decorators
 * below have written is copied; what those above write goes to the new function.
 */
export function wrapMethod(method: Method, call: (self: unknown, args: unknown[]) => unknown): Method {
  const wrapped = new Proxy(method, { apply: (_method, self: unknown, args: unknown[]) => call(self, args) });
  for (const key of Reflect.getOwnMetadataKeys(method) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), wrapped);
  }
  inner.set(wrapped, method);
  return wrapped;
}

/** What one of our own wrappers stands for; undefined for any other function. */
export function wrappedBy(method: Method): Method | undefined {
  return inner.get(method);
}

/** The function under all wrappers of our own. */
export function unwrap(method: Method): Method {
  let found = method;
  for (let next = inner.get(found); next !== undefined; next = inner.get(found)) found = next;
  return found;
}
