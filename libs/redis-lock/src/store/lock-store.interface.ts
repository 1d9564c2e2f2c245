import type { Instant } from '../runtime/clock.js';
import type { Sharing } from './sharing.js';

/** How a process stands in line in the store: one entry for all its callers. */
export interface Standing {
  /** The lease of a grant that is handed over to it unasked, in ms: it has that long to confirm it. */
  readonly graceMs: number;
  /** When the process first queued, in the server's µs, so that it keeps its place; undefined for now. */
  readonly since: number | undefined;
  /** How many callers want a share at once, where it is shared by any number: readers. Default 1 */
  readonly count?: number;
}

/** One attempt to be granted a lock. A token is sent in one attempt only. */
export interface GrantCommand {
  readonly key: string;
  readonly token: string;
  /** The lease, in ms. */
  readonly leaseMs: number;
  /** How many fences to reserve, 1 to 32; or how many shares are wanted. */
  readonly reserve: number;
  /** Present where the lock is to be shared. */
  readonly sharing?: Sharing | undefined;
  /** Present where the token is put in line, should the lock be busy. */
  readonly queue: Standing | undefined;
  /** A moment before the command is sent; its deadline counts from here. */
  readonly sent: Instant;
}

/** The token stands in line. */
export interface QueuedReply {
  readonly status: 'queued';
  /** When its process first queued, in the server's µs. */
  readonly since: number;
  readonly isHead: boolean;
  /** What is left of the holder's lease; undefined for a foreign lock without a TTL, or where the lock is free. */
  readonly leaseLeftMs: number | undefined;
}

/** A token in line is the owner now. */
export interface HandedOver {
  readonly token: string;
  readonly fence: number;
  /** Other processes wait. */
  readonly others: boolean;
  /** How many shares it got: see shareToken. Their fences follow each other. Undefined where the lock is not shared. */
  readonly shares?: number;
}

/** The lock is in use in another way: shared by readers, by permits of another limit, or not shared at all. */
export interface MismatchReply {
  readonly status: 'mismatch';
  /** Undefined where it is not shared. */
  readonly found: Sharing | undefined;
}

/** The command arrived after its deadline or its tombstone, and did nothing. */
export interface VoidReply {
  readonly status: 'void';
}

/** What the store answered to an attempt. */
export type GrantReply =
  | { readonly status: 'granted'; readonly fence: number; readonly others: boolean; readonly shares?: number }
  /** `leaseLeftMs` is what is left of the holder's lease; undefined for a foreign lock without a TTL. */
  | { readonly status: 'busy'; readonly leaseLeftMs: number | undefined }
  | QueuedReply
  | MismatchReply
  | VoidReply;

/** Gives a lock up. */
export interface ReleaseCommand {
  readonly key: string;
  readonly token: string;
  /** How long the lock is to stay in place, in ms; 0 frees it now. */
  readonly keepMs: number;
  readonly sharing?: Sharing | undefined;
  /** Where callers of this process still wait: what to put in line, behind the others. */
  readonly next?: QueueCommand | undefined;
}

/** A token to be put in line. */
export interface QueueCommand {
  readonly token: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  /** As in Standing. */
  readonly count?: number;
  readonly sent: Instant;
}

/** What became of a release. `next` is the answer for its token; undefined where none was sent, or nothing was done about it. */
export interface ReleaseReply {
  readonly released: boolean;
  readonly next: PlaceReply | undefined;
}

/** What became of a token in line; `granted` names the token, which may be an earlier one of the process. */
export type PlaceReply = ({ readonly status: 'granted' } & HandedOver) | (QueuedReply & { readonly token: string });

/** Says that a process still waits. */
export interface HeartbeatCommand extends QueueCommand {
  readonly key: string;
  /** The token in line; `token` is queued where it is gone. */
  readonly current: string;
  readonly since: number | undefined;
  readonly sharing?: Sharing | undefined;
}

/** What the store answered to a heartbeat; `own`: the process holds the lock by that token. */
export type HeartbeatReply = PlaceReply | { readonly status: 'own'; readonly token: string } | VoidReply;

/** Prolongs the lease of a lock that its process passes on among its callers. */
export interface ConfirmCommand extends LeaseCommand {
  /** How many fences to reserve, 1 to 32. */
  readonly reserve: number;
}

/** Undefined where the lock is not the token's any more. */
export type ConfirmReply = { readonly fence: number; readonly others: boolean } | undefined;

/** One lease to prolong. */
export interface LeaseCommand {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly sharing?: Sharing | undefined;
}

/** Several locks at once, all or none. */
export interface GrantAllCommand {
  readonly claims: readonly { readonly key: string; readonly token: string }[];
  readonly leaseMs: number;
  readonly sent: Instant;
}

/** `apart`: they cannot be had by one command, since they lie apart from each other. */
export type GrantAllReply =
  | { readonly status: 'granted'; readonly fences: readonly number[] }
  | { readonly status: 'busy' }
  | { readonly status: 'apart' }
  | VoidReply;

/** One share of a lock, as the store knows it. */
export interface StoredShare {
  readonly token: string;
  readonly leaseLeftMs: number;
}

/** What the store knows of one lock, in one piece. */
export interface StoredLock {
  readonly key: string;
  readonly owner: string | undefined;
  /** Present while the lock is shared; then there is no owner. */
  readonly sharing: Sharing | undefined;
  readonly shares: readonly StoredShare[];
  /** The value under the key is not a lock's: a foreign program uses the same key for something else. */
  readonly foreignType: string | undefined;
  readonly leaseLeftMs: number | undefined;
  /** Processes in line. */
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
  /** What it holds of the key: one lock, or several shares. */
  readonly held: readonly LockDescription[];
  /** Callers waiting for the key in that process. */
  readonly waitingCallers: number;
}

/** What changed since the card was last written; a value of undefined takes the entry away. */
export interface ProcessCardChange {
  readonly host: string;
  readonly pid: number;
  readonly held: ReadonlyMap<string, readonly LockDescription[] | undefined>;
  readonly waiting: ReadonlyMap<string, number | undefined>;
}

/** What the store tells the engine unasked. Hints: none of them is needed for correctness. */
export interface StoreInbox {
  /** The random name of this engine instance. */
  readonly process: string;
  /** A token that stood in line is the owner now. May come twice, late, or for a token that nobody here knows any more. */
  onGranted(key: string, grant: HandedOver): void;
  /** A token that stood in line got shares. As onGranted otherwise. */
  onShared(key: string, kind: Sharing['kind'], grant: HandedOver): void;
  /** Another process waits for a lock of ours. */
  onOthersWait(key: string): void;
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
  /** Grants several locks that nobody holds or waits for, by one command. */
  grantAll(command: GrantAllCommand): Promise<GrantAllReply>;
  /** Frees the lock and hands it over to the next process in line, or keeps it for `keepMs` more. */
  release(command: ReleaseCommand): Promise<ReleaseReply>;
  /** Undoes an attempt whose answer was not clear, whether it has arrived or not; what it got is handed over to the next in line. */
  cancel(key: string, token: string, sharing?: Sharing): Promise<void>;
  /** Leaves the line; what was granted meanwhile is handed over to the next. */
  leave(key: string, token: string, sharing?: Sharing): Promise<void>;
  /** Says that the process still waits, and finds out what it was not told. */
  heartbeat(command: HeartbeatCommand): Promise<HeartbeatReply>;
  /** Prolongs one lease, never shortens it, and reserves fences for callers of the same process. */
  confirm(command: ConfirmCommand): Promise<ConfirmReply>;
  /** Prolongs leases, never shortens one; each element says whether the lock is still the token's. */
  renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]>;
  /** Sets a lease anew, shorter or longer; false when the lock is not the token's. */
  extend(command: LeaseCommand): Promise<boolean>;
  /** Makes a reader of whoever holds a lock alone; false when the lock is not the token's. Readers in line begin as well. */
  downgrade(command: LeaseCommand): Promise<boolean>;
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
  return /^([\w-]{12})\.[\w-]{22}(?:\/\d+)?$/.exec(token)?.[1];
}
