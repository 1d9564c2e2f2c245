import { AsyncResource } from 'node:async_hooks';

const resource = new AsyncResource('RedisLock', { requireManualDestroy: true });

/** Runs something, and what follows from it, outside the caller's async context: work of ours must not keep a request's context alive. */
export function outside<T>(run: () => T): T {
  return resource.runInAsyncScope(run);
}
