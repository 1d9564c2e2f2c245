import { AsyncResource } from 'node:async_hooks';

const resource = new AsyncResource('test');

/** Runs something as a caller that holds nothing, wherever it is called from. */
export function outside<T>(run: () => T): T {
  return resource.runInAsyncScope(run);
}
