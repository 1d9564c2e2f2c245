import type { Instant } from '../runtime/clock.js';

/** One attempt to be granted a lock. A token is sent in one attempt only. */
export interface GrantCommand {
  readonly key: string;
  readonly token: string;
  /** The lease, in ms. */
  readonly leaseMs: number;
  /** How many fences to reserve, 1 to 32. */
  readonly reserve: number;
  /** Whether this process wants a wake-up when the lock is freed, should it be busy. */
  readonly wake: boolean;
  /** A moment before the command is sent; its deadline counts from here. */
  readonly sent: Instant;
}

/** What the store answered to an attempt. */
export type GrantReply =
  | { readonly status: 'granted'; readonly fence: number }
  /** `leaseLeftMs` is what is left of the holder's lease; undefined for a foreign lock without a TTL. */
  | { readonly status: 'busy'; readonly leaseLeftMs: number | undefined }
  /** The command arrived after its deadline or its tombstone, and did nothing. */
  | { readonly status: 'void' };

/** One lease to prolong. */
export interface LeaseCommand {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
}

/** What the store knows of one lock, in one piece. */
export interface StoredLock {
  readonly key: string;
  readonly owner: string | undefined;
  /** The value under the key is not a lock's: a foreign program uses the same key for something else. */
  readonly foreignType: string | undefined;
  readonly leaseLeftMs: number | undefined;
  /** Processes that asked to be woken. */
  readonly waiting: readonly string[];
}

/** How a process describes one of its locks to whoever inspects it. */
export interface LockDescription {
  readonly token: string;
  readonly fence: number;
  readonly label: string | undefined;
}

/** What a process tells about itself and one key, written off the hot path. */
export interface ProcessCard {
  readonly host: string;
  readonly pid: number;
  /** Age of the card in ms when it was read. */
  readonly ageMs: number;
  readonly held: LockDescription | undefined;
  /** Callers waiting for the key in that process. */
  readonly waitingCallers: number;
}

/** What changed since the card was last written; a value of undefined takes the entry away. */
export interface ProcessCardChange {
  readonly host: string;
  readonly pid: number;
  readonly held: ReadonlyMap<string, LockDescription | undefined>;
  readonly waiting: ReadonlyMap<string, number | undefined>;
}

/** What the store tells the engine unasked. Hints: none of them is needed for correctness. */
export interface StoreInbox {
  /** The random name of this engine instance. */
  readonly process: string;
  /** The lock may be free. */
  onWake(key: string): void;
  /** An operator released the token's lock by force. */
  onForced(key: string, token: string): void;
}

/**
 * What the engine needs from a backend. Every promise settles within the command timeout; a rejection means that
 * nobody knows whether the command took effect, unless the store says otherwise.
 */
export interface LockStore {
  /** For log lines and health checks: where the locks live, without credentials. */
  readonly description: string;
  /** Connects and checks the server; rejects with LockStoreError or LockOptionsError where it is not usable. */
  open(inbox: StoreInbox): Promise<void>;
  close(): Promise<void>;
  /** Answers when the store is reachable. */
  ping(): Promise<void>;
  grant(command: GrantCommand): Promise<GrantReply>;
  /** Frees the lock, or keeps it for `keepMs` more; false when it was not the token's. */
  release(key: string, token: string, keepMs: number): Promise<boolean>;
  /** Undoes an attempt whose answer was not clear, whether it has arrived or not. */
  cancel(key: string, token: string): Promise<void>;
  /** Prolongs leases, never shortens one; each element says whether the lock is still the token's. */
  renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]>;
  /** Sets a lease anew, shorter or longer; false when the lock is not the token's. */
  extend(command: LeaseCommand): Promise<boolean>;
  /** Confirms the lease and waits for replicas to have it; the number that acknowledged. */
  replicate(command: LeaseCommand, min: number, timeoutMs: number): Promise<number>;
  forceRelease(key: string): Promise<boolean>;
  inspect(key: string): Promise<StoredLock>;
  /** Keys that are locked now and match a glob pattern; each at least once while it stays locked. */
  keys(pattern: string): AsyncIterable<string>;
  describe(change: ProcessCardChange): Promise<void>;
  readCard(process: string, key: string): Promise<ProcessCard | undefined>;
}

/** The name of the process that made a token, or undefined where the value is no token of ours. */
export function processOf(token: string): string | undefined {
  return /^([\w-]{12})\.[\w-]{22}$/.exec(token)?.[1];
}
