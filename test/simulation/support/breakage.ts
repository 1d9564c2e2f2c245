import type { ObservedServer } from './observed-server.js';

/** Breaks the protocol in one way; what it returns mends it again. */
export type Breakage = (server: ObservedServer) => (() => void) | undefined;

/** Puts another function in the place of a method. @returns what puts the method back */
export function replace<T extends object, K extends keyof T>(target: T, name: K, make: (original: T[K]) => T[K]): () => void {
  const original = target[name];
  target[name] = make(original);
  return () => void (target[name] = original);
}
