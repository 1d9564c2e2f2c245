import type { Lock } from './lock.js';
import type { LockOptions } from './lock-options.js';
import type { LockState } from './lock-state.js';

/** WIP contract: bodies follow with the engine. */
export abstract class LockService {
  abstract acquire(key: string, options?: LockOptions): Promise<Lock>;
  abstract tryAcquire(key: string, options?: LockOptions): Promise<Lock | null>;
  abstract withLock<T>(key: string, section: (lock: Lock) => Promise<T> | T): Promise<T>;
  abstract withLock<T>(key: string, options: LockOptions, section: (lock: Lock) => Promise<T> | T): Promise<T>;
  abstract isLocked(key: string): Promise<boolean>;
  abstract inspect(key: string): Promise<LockState>;
  abstract list(pattern?: string): AsyncIterable<LockState>;
  abstract forceRelease(key: string): Promise<boolean>;
  abstract current(key?: string): Lock | undefined;
}
