import type { LockService } from 'nestjs-redis-lock';

/**
 * The fence under which the running method holds a key. Asking for it is also how to make sure that the lock is still held.
 * @param key as the lock has it: what the template has become
 * @throws LockLostError where it was lost, Error where the running method has no such lock
 */
export function heldFence(locks: LockService, key: string): number {
  const lock = locks.current(key);
  const fence = lock?.fences.get(key);
  if (fence === undefined) throw new Error(`The lock '${key}' is not held here.`);
  lock?.assertHeld();
  return fence;
}
