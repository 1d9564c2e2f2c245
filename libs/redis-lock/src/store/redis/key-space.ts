import type { RecordName } from '../record-store.interface.js';
import { hashSlot, hashTag, tagOfSlot } from './hash-slot.js';

/** Names what belongs to a protocol version, so that two versions never mistake each other's data or messages. */
const VERSION = '~1';

/** A fence counter or a record under any prefix: the plain strings of ours that are no locks. */
const NO_LOCK = /~\d+:(fence(:\{[^{}]*\})?|idem:[\w-]+:[\w-]+)$/;

/** Every name this package writes to Redis. All of one lock lies in one slot of a Cluster. */
export class KeySpace {
  /** Channel of a process = this and its name. */
  readonly channelPrefix: string;
  private readonly singleFence: string;

  constructor(
    readonly prefix: string,
    private readonly clustered: boolean,
  ) {
    this.channelPrefix = `${prefix}${VERSION}:process:`;
    this.singleFence = `${prefix}${VERSION}:fence`;
  }

  /** The lock itself: a plain string with the owner's token, so that `SET K x NX PX` of other programs excludes and is excluded. */
  lock(key: string): string {
    return this.prefix + key;
  }

  /** What the scripts that grant or hand over touch: the lock, its companion and its fence counter. */
  keysOf(lock: string): [lock: string, companion: string, fence: string] {
    return [lock, this.companion(lock), this.fence(lock)];
  }

  /** The queue of a lock, and its tombstones. */
  companion(lock: string): string {
    return hashTag(lock) === undefined ? `${this.prefix}${VERSION}:queue:{${lock}}` : `${this.prefix}${VERSION}:queue:${lock}`;
  }

  /** One fence counter for all locks, or one per slot in a Cluster, where a script may touch one slot only. */
  fence(lock: string): string {
    return this.clustered ? `${this.prefix}${VERSION}:fence:{${tagOfSlot(hashSlot(lock))}}` : this.singleFence;
  }

  /** Whether one script may touch them all: in a Cluster they have to lie in one slot. */
  areTogether(locks: readonly string[]): boolean {
    return !this.clustered || new Set(locks.map(hashSlot)).size === 1;
  }

  /** The record of an operation. Its tombstones are in its companion, as a lock's. */
  record({ scope, operation }: RecordName): string {
    return `${this.prefix}${VERSION}:idem:${scope}:${operation}`;
  }

  card(process: string): string {
    return `${this.prefix}${VERSION}:card:${process}`;
  }

  /** The caller's key, or undefined for a name that is no lock of ours. */
  keyOf(lock: string): string | undefined {
    const key = lock.startsWith(this.prefix) ? lock.slice(this.prefix.length) : '';
    return key === '' || key.startsWith('~') ? undefined : key;
  }

  /** The same for a name that SCAN found: a longer prefix that begins with ours may have counters and records there. */
  listedKeyOf(lock: string): string | undefined {
    return NO_LOCK.test(lock) ? undefined : this.keyOf(lock);
  }

  /** A SCAN pattern: the prefix to the letter, the caller's part as a glob. */
  scanPattern(pattern: string): string {
    return this.prefix.replace(/[\\*?[\]]/g, '\\$&') + pattern;
  }

  /** A SCAN pattern of all records of a scope. */
  recordPattern(scope: string): string {
    return this.scanPattern(`${VERSION}:idem:${scope}:*`);
  }
}
