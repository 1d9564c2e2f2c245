import { LockOptionsError } from '../../errors/lock-options.error.js';
import type { Sharing } from '../../store/sharing.js';
import { KnownLocks } from './known-locks.js';
import { SharedLock } from './shared-lock.js';

/** Every lock that callers of this process ask to share, or wait for. */
export class SharedLocks {
  private readonly locks = { read: new KnownLocks<SharedLock>(), permit: new KnownLocks<SharedLock>() };

  /** @throws LockOptionsError where callers of this process wait for permits of another limit */
  of(key: string, sharing: Sharing): SharedLock {
    const locks = this.locks[sharing.kind];
    const known = locks.find(key);
    if (known !== undefined && isSame(known.sharing, sharing)) return known;
    if (known?.isIdle === false) {
      throw new LockOptionsError(
        `The semaphore '${key}' is in use with another limit; write the same one everywhere, or use another key.`,
        { key },
      );
    }
    return locks.add(new SharedLock(key, sharing));
  }

  find(key: string, kind: Sharing['kind']): SharedLock | undefined {
    return this.locks[kind].find(key);
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

  /** Every key that callers of this process wait for, with their number; one that is waited for in both ways comes twice. */
  *counts(): Iterable<readonly [key: string, callers: number]> {
    yield* this.locks.read.counts();
    yield* this.locks.permit.counts();
  }

  close(): void {
    this.locks.read.close();
    this.locks.permit.close();
  }
}

function isSame(one: Sharing, other: Sharing): boolean {
  return one.kind === 'read' ? other.kind === 'read' : other.kind === 'permit' && one.limit === other.limit;
}
