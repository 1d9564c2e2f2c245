import { LockOptionsError } from '../../errors/lock-options.error.js';
import type { Sharing } from '../../store/sharing.js';
import { SharedLock } from './shared-lock.js';

const LEAST_KEPT = 256;

/** Every lock that callers of this process ask to share, or wait for. What has become idle is swept now and then. */
export class SharedLocks {
  private readonly locks = { read: new Map<string, SharedLock>(), permit: new Map<string, SharedLock>() };
  private sweepAt = LEAST_KEPT;

  /** @throws LockOptionsError where callers of this process wait for permits of another limit */
  of(key: string, sharing: Sharing): SharedLock {
    const locks = this.locks[sharing.kind];
    const known = locks.get(key);
    if (known !== undefined && isSame(known.sharing, sharing)) return known;
    if (known?.isIdle === false) {
      throw new LockOptionsError(
        `The semaphore '${key}' is in use with another limit; write the same one everywhere, or use another key.`,
        { key },
      );
    }
    if (locks.size >= this.sweepAt) this.sweep();
    const lock = new SharedLock(key, sharing);
    locks.set(key, lock);
    return lock;
  }

  find(key: string, kind: Sharing['kind']): SharedLock | undefined {
    return this.locks[kind].get(key);
  }

  /** Undefined also where it is known with another limit: whoever waits with that gets nothing of what this one gives up. */
  findSame(key: string, sharing: Sharing): SharedLock | undefined {
    const known = this.find(key, sharing.kind);
    return known !== undefined && isSame(known.sharing, sharing) ? known : undefined;
  }

  /** Whether a share that was granted with that token is on its way to its caller. */
  isPassingOn(key: string, token: string): boolean {
    return this.find(key, 'read')?.line?.isPassingOn(token) === true || this.find(key, 'permit')?.line?.isPassingOn(token) === true;
  }

  /** Callers of this process that wait for the key. */
  callers(key: string): number {
    return (this.find(key, 'read')?.line?.length ?? 0) + (this.find(key, 'permit')?.line?.length ?? 0);
  }

  /** Every key that callers of this process wait for, with their number. */
  *counts(): Iterable<readonly [key: string, callers: number]> {
    for (const { key, line } of this.all()) if (line !== undefined && line.length > 0) yield [key, line.length];
  }

  close(): void {
    for (const { line } of this.all()) line?.close();
  }

  private *all(): Iterable<SharedLock> {
    yield* this.locks.read.values();
    yield* this.locks.permit.values();
  }

  private sweep(): void {
    for (const locks of [this.locks.read, this.locks.permit]) for (const [key, lock] of locks) if (lock.isIdle) locks.delete(key);
    this.sweepAt = Math.max(LEAST_KEPT, 2 * Math.max(this.locks.read.size, this.locks.permit.size));
  }
}

function isSame(one: Sharing, other: Sharing): boolean {
  return one.kind === 'read' ? other.kind === 'read' : other.kind === 'permit' && one.limit === other.limit;
}
