import type { LockHandle } from '../../../libs/redis-lock/src/lock/lock-handle.js';
import type { LockOptions, PermitOptions } from '../../../libs/redis-lock/src/lock/lock-options.js';
import type { LockService } from '../../../libs/redis-lock/src/lock/lock.service.js';
import type { Lock } from '../../../libs/redis-lock/src/lock/lock.js';
import { LockSetHandle } from '../../../libs/redis-lock/src/lock/lock-set.js';
import type { Dice } from './dice.js';
import type { Habits } from './habits.js';
import type { UsedKey } from './keys.js';

/** What a caller wants. */
export interface Wish {
  /** One key, or several in any order, some of them twice. */
  readonly key: string | readonly string[];
  readonly kind: 'write' | 'read' | 'permit';
  readonly options: Omit<LockOptions, 'mode'>;
  /** Of the semaphore, for a permit. */
  readonly limit: number;
  /** Whether the key is used as what is asked for here by everybody. */
  readonly isRegular: boolean;
}

/** What somebody wants next, by chance. */
export function wishOf(dice: Dice, habits: Habits, keys: readonly UsedKey[], options: Wish['options']): Wish {
  const { name, limit } = any(dice, keys);
  if (dice.chance(habits.mixing)) return { ...amiss(dice, limit), key: name, options, isRegular: false };
  if (limit !== undefined) return { key: name, kind: 'permit', limit, options, isRegular: true };
  const locks = keys.filter((key) => key.limit === undefined);
  const several = dice.chance(habits.several);
  const key = several ? Array.from({ length: dice.whole(2, 4) }, () => any(dice, locks).name) : name;
  return { key, kind: dice.chance(habits.reading) ? 'read' : 'write', limit: 0, options, isRegular: true };
}

export function acquire(locks: LockService, wish: Wish): Promise<Lock> {
  const { key } = wish;
  if (wish.kind === 'permit') return locks.acquirePermit(nameOf(wish), permitOptions(wish));
  return typeof key === 'string' ? locks.acquire(key, lockOptions(wish)) : locks.acquire(key, lockOptions(wish));
}

export function runInside(locks: LockService, wish: Wish, section: (lock: Lock) => Promise<void>): Promise<void> {
  if (wish.kind === 'permit') return locks.withPermit(nameOf(wish), permitOptions(wish), section);
  return locks.withLock(wish.key, lockOptions(wish), section);
}

/** A handle for each key. Handles of this library, of which there are no others. */
export function handlesOf(lock: Lock): readonly LockHandle[] {
  return lock instanceof LockSetHandle ? lock.handles : [lock as LockHandle];
}

export function nameOf({ key }: Wish): string {
  return typeof key === 'string' ? key : key.join();
}

function lockOptions({ options, kind }: Wish): LockOptions {
  // One of two names for the same.
  return kind === 'read' ? { ...options, mode: 'read' } : options;
}

function permitOptions({ options, limit }: Wish): PermitOptions {
  return { ...options, limit };
}

/** As something that the key is not: another limit, or a lock where it is a semaphore, or the other way round. */
function amiss(dice: Dice, limit: number | undefined): Pick<Wish, 'kind' | 'limit'> {
  if (limit === undefined || dice.chance(0.3)) return { kind: 'permit', limit: (limit ?? 1) + 1 };
  return { kind: dice.pick('read', 'write'), limit: 0 };
}

function any<T>(dice: Dice, items: readonly T[]): T {
  // A history has one key at least, and here a lock among them.
  return items[dice.whole(0, items.length - 1)] as T;
}
