import { KnownLocks } from './known-locks.js';
import { LocalLock } from './local-lock.js';

/** Every lock that this process holds alone, asks for or waits for. */
export class LocalLocks extends KnownLocks<LocalLock> {
  of(key: string): LocalLock {
    return this.find(key) ?? this.add(new LocalLock(key));
  }
}
