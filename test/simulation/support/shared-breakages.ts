import { SeveralLocks } from '../../../libs/redis-lock/src/lock/several-locks.js';
import { MemoryCompanion } from '../../../libs/redis-lock/src/store/memory/memory-companion.js';
import { MemoryHandOver } from '../../../libs/redis-lock/src/store/memory/memory-hand-over.js';
import { MemoryLine } from '../../../libs/redis-lock/src/store/memory/memory-line.js';
import { MemoryShareServer } from '../../../libs/redis-lock/src/store/memory/memory-share-server.js';
import { markerOf, READING } from '../../../libs/redis-lock/src/store/sharing.js';
import { replace, type Breakage } from './breakage.js';

/** What the server keeps to itself. */
interface InsideServer {
  readonly leases: Map<string, { token: string; endsAt: number }>;
  companionOrNew(key: string): MemoryCompanion;
  nowMs(): number;
  fitLock(key: string): boolean;
}

/** Ways to break locks that are shared, or that are had together. */
export const SHARED_BREAKAGES: Readonly<Record<string, Breakage>> = {
  'a reader joins although a writer waits': () => replaceGetter(MemoryLine.prototype, 'isWaiting', () => false),
  'one permit too many': () => replaceGetter(MemoryCompanion.prototype, 'shareCount', (count) => Math.max(0, count - 1)),
  'shares of a cancelled attempt stay': () =>
    replace(
      MemoryCompanion.prototype,
      'dropShares',
      (original) =>
        function dropShares(this: MemoryCompanion, granted?: string) {
          if (granted === undefined) original.call(this);
        },
    ),
  'a writer is granted while readers hold': () =>
    replace(
      // Protected from everybody else.
      MemoryHandOver.prototype as unknown as InsideServer,
      'fitLock',
      (original) =>
        function fitLock(this: InsideServer, key: string) {
          const isShared = original.call(this, key);
          const isRead = this.leases.get(key)?.token === markerOf(READING);
          if (!isShared || !isRead || !this.companionOrNew(key).writers.isWaiting) return isShared;
          this.leases.delete(key);
          return false;
        },
    ),
  'a lapsed share is renewed': () =>
    replace(
      MemoryShareServer.prototype,
      'shareRenew',
      (original) =>
        function shareRenew(this: MemoryShareServer, key: string, token: string, leaseMs: number) {
          // Protected from everybody else.
          const inside = this as unknown as InsideServer;
          const marker = inside.leases.get(key);
          if (original.call(this, key, token, leaseMs)) return true;
          if (marker?.token.startsWith('~') !== true || marker.endsAt <= inside.nowMs()) return false;
          inside.companionOrNew(key).setShare(token, inside.nowMs() + leaseMs);
          return inside.fitLock(key);
        },
    ),
  'a downgrade lets somebody in between': (server) => {
    server.downgrade = (key, token) => server.release(key, token, 0).released;
    return undefined;
  },
  'what was taken of several keys stays where not all are to be had': () =>
    // Private to everybody else.
    replace(SeveralLocks.prototype as unknown as { undo(): void }, 'undo', () => () => undefined),
  'several keys are taken in any order': () => {
    let calls = 0;
    return replace(
      SeveralLocks.prototype,
      'take',
      (original) =>
        function take(this: SeveralLocks, keys: readonly string[], ...rest) {
          return original.call(this, calls++ % 2 === 0 ? keys : [...keys].reverse(), ...rest);
        },
    );
  },
};

function replaceGetter<T extends object, K extends keyof T & string>(target: T, name: K, make: (value: T[K]) => T[K]): () => void {
  const original = Object.getOwnPropertyDescriptor(target, name);
  if (original?.get === undefined) throw new Error(`There is no getter ${name}.`);
  const { get } = original;
  Object.defineProperty(target, name, {
    ...original,
    get(this: T) {
      // The getter's own type.
      return make(get.call(this) as T[K]);
    },
  });
  return () => void Object.defineProperty(target, name, original);
}
