import type { LockStore } from '../../../libs/redis-lock/src/store/lock-store.interface.js';

/** The store of one process, and what it was told unasked. */
export interface StoreProcess {
  readonly name: string;
  readonly store: LockStore;
  /** Keys that may be free. */
  readonly wakes: string[];
  /** Locks that an operator released by force, `key token`. */
  readonly forced: string[];
  token(): string;
}

/** What became of an attempt at the server. */
export type Arrival = 'granted' | 'busy' | 'stale' | 'cancelled';

/** A kind of store to be tested, on an empty server. */
export interface StoreStage {
  /** One more process. */
  connect(): Promise<StoreProcess>;
  /** Lets that much time pass at the server. */
  pass(ms: number): Promise<void>;
  /** An attempt arrives whose deadline is that far from now; `process` asks to be woken. */
  arrive(attempt: { key: string; token: string; leaseMs: number; deadlineMs: number; process?: string }): Promise<Arrival>;
  /** An extension arrives whose deadline is that far from now. */
  arriveExtension(extension: { key: string; token: string; leaseMs: number; deadlineMs: number }): Promise<boolean | 'stale'>;
  /** What the server's clock shows, in µs. */
  now(): Promise<number>;
  /** Lets the server's clock stand before the last fence that was used. */
  useFence(fence: number): Promise<void>;
  stop(): Promise<void>;
}

export const COMMAND_TIMEOUT = 1_000;
