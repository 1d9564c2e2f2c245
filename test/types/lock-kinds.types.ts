// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import type { Lock, LockOptions, LockService } from 'nestjs-redis-lock';

/** What never has a value: `never` fits here, and nothing else does. */
declare function takesNever(nothing: never): void;
declare function takesText(text: string): void;
declare function takesTexts(texts: readonly string[]): void;

export async function exclusive(locks: LockService, options: LockOptions): Promise<Lock[]> {
  const lock = await locks.acquire('a');
  const written = await locks.acquire('a', { ttl: '10s', mode: 'write' });
  const tried = await locks.tryAcquire('a', { mode: 'exclusive' });
  const unknown = await locks.acquire('a', options);
  const fence: number = lock.fence + written.fence + (tried?.fence ?? 0) + unknown.fence;
  lock.fences.get('a')?.toFixed();
  // @ts-expect-error no such mode
  await locks.acquire('a', { mode: 'shared' });
  // @ts-expect-error a limit belongs to acquirePermit
  await locks.acquire('a', { limit: 5 });
  // @ts-expect-error a key is a string
  await locks.acquire(5);
  // @ts-expect-error it may be null
  await tried.release();
  return [await lock.downgrade(), await written.downgrade(), await unknown.downgrade(), ...(fence > 0 && tried ? [tried] : [])];
}

export async function readers(locks: LockService): Promise<Lock[]> {
  const lock = await locks.acquire('a', { mode: 'read' });
  const tried = await locks.tryAcquire('a', { ttl: '10s', mode: 'read' });
  takesText(lock.key + lock.fence.toFixed());
  takesText(tried === null ? '' : tried.key + tried.fence.toFixed());
  // @ts-expect-error it is shared already
  await lock.downgrade();
  // @ts-expect-error it is shared already
  await tried?.downgrade();
  return tried === null ? [lock] : [lock, tried];
}

export async function permits(locks: LockService): Promise<Lock[]> {
  const lock = await locks.acquirePermit('a', { limit: 5 });
  const tried = await locks.tryAcquirePermit('a', { limit: 5, ttl: '10s', label: 'export' });
  takesText(lock.key + lock.fence.toFixed());
  takesText(tried === null ? '' : tried.key + tried.fence.toFixed());
  // @ts-expect-error it may be null
  await tried.release();
  // @ts-expect-error there is nothing to downgrade
  await lock.downgrade();
  // @ts-expect-error there is nothing to downgrade
  await tried?.downgrade();
  // @ts-expect-error the limit is missing
  await locks.acquirePermit('a');
  // @ts-expect-error the limit is missing
  await locks.acquirePermit('a', { ttl: '10s' });
  // @ts-expect-error the limit is missing
  await locks.tryAcquirePermit('a', {});
  // @ts-expect-error a limit is a number
  await locks.acquirePermit('a', { limit: '5' });
  // @ts-expect-error a permit has no mode
  await locks.acquirePermit('a', { limit: 5, mode: 'read' });
  // @ts-expect-error a permit has no mode
  await locks.tryAcquirePermit('a', { limit: 5, mode: 'exclusive' });
  // @ts-expect-error a permit is of one key
  await locks.acquirePermit(['a', 'b'], { limit: 5 });
  return tried === null ? [lock] : [lock, tried];
}

export async function several(locks: LockService, keys: readonly string[]): Promise<Lock[]> {
  const lock = await locks.acquire(['a', 'b']);
  const tried = await locks.tryAcquire(keys, { ttl: '10s' });
  takesNever(lock.fence);
  takesTexts(lock.key);
  // @ts-expect-error there are several
  takesText(lock.key);
  lock.fences.get('a')?.toFixed();
  if (tried !== null) takesNever(tried.fence);
  // @ts-expect-error several keys are never shared
  await lock.downgrade();
  // @ts-expect-error a key is a string
  await locks.acquire(['a', 5]);
  return tried === null ? [lock] : [lock, tried];
}

export async function oneOrSeveral(locks: LockService, key: string | readonly string[]): Promise<Lock> {
  await locks.withLock(key, (lock) => lock.assertHeld());
  return locks.acquire(key, { ttl: '10s' });
}

export async function sections(locks: LockService): Promise<void> {
  // @ts-expect-error there may be none
  takesText(locks.current().fence.toFixed());
  const text: string = await locks.withLock('a', async ({ fence }) => fence.toFixed());
  const count: number = await locks.withLock(['a', 'b'], { ttl: '10s' }, ({ fences }) => fences.size);
  const left: number = await locks.withLock('a', { mode: 'read' }, ({ expiresInMs }) => expiresInMs);
  const permit: string = await locks.withPermit('a', { limit: 5 }, async ({ fence }) => `${text}${String(fence + count + left)}`);
  // @ts-expect-error there is a result, and it is text
  const none: undefined = permit === '' ? undefined : await locks.withPermit('a', { limit: 5 }, () => permit);
  // @ts-expect-error the limit is missing
  await locks.withPermit('a', () => none);
  // @ts-expect-error the limit is missing
  await locks.withPermit('a', { ttl: '10s' }, () => none);
  // @ts-expect-error a permit has no mode
  await locks.withPermit('a', { limit: 5, mode: 'write' }, () => none);
  // @ts-expect-error a permit is of one key
  await locks.withPermit(['a'], { limit: 5 }, () => none);
  // @ts-expect-error the function is missing
  await locks.withPermit('a', { limit: 5 });
  // @ts-expect-error a limit belongs to withPermit
  await locks.withLock('a', { limit: 5 }, () => none);
}
