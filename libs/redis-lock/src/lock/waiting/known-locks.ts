import type { AskedLock } from './asked-lock.js';

const LEAST_KEPT = 256;

/**
 * Locks that this process holds, asks for or waits for. What has become idle is swept now and then, and not after each section: a key that is
 * locked over and over keeps its entry.
 */
export class KnownLocks<L extends AskedLock> {
  private readonly locks = new Map<string, L>();
  private sweepAt = LEAST_KEPT;

  find(key: string): L | undefined {
    return this.locks.get(key);
  }

  /** In place of whatever was known of that key. */
  add(lock: L): L {
    if (this.locks.size >= this.sweepAt) this.sweep();
    this.locks.set(lock.key, lock);
    return lock;
  }

  /** Every key that callers of this process wait for, with their number. */
  *counts(): Iterable<readonly [key: string, callers: number]> {
    for (const [key, { line }] of this.locks) if (line !== undefined && line.length > 0) yield [key, line.length];
  }

  close(): void {
    for (const { line } of this.locks.values()) line?.close();
  }

  private sweep(): void {
    for (const [key, lock] of this.locks) if (lock.isIdle) this.locks.delete(key);
    this.sweepAt = Math.max(LEAST_KEPT, 2 * this.locks.size);
  }
}
