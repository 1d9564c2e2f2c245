import type { Instant } from '../runtime/clock.js';

/** Which record: two digests, so that no value of a request reaches the store. Both are base64url and hold no separator. */
export interface RecordName {
  /** Whose: all records of one scope are found by it. */
  readonly scope: string;
  /** What: the operation and its key. */
  readonly operation: string;
}

/** One attempt to run an operation. A token is sent in one attempt only. */
export interface BeginCommand {
  readonly name: RecordName;
  /** 16 random bytes. */
  readonly token: Buffer;
  /** 16 bytes that stand for what was asked; all zero where that is not compared. */
  readonly fingerprint: Buffer;
  /** How long the record is kept from its last change on, in whole ms, below 2^32 (49 days). */
  readonly retentionMs: number;
  /** How long the attempt may go without a renewal before it counts as dead, in whole ms, below 2^32. */
  readonly leaseMs: number;
  /** Whether an attempt whose lease ran out is taken over; otherwise nobody knows what became of it, and it stays. */
  readonly takeOver: boolean;
  /** A moment before the command is sent, by the clock that the store has too; its deadline counts from here. */
  readonly sent: Instant;
}

/** What the store answered to an attempt. */
export type BeginReply =
  /** The operation is the caller's to run. `attempt` counts from 1 and rises with each take-over. */
  | { readonly status: 'started'; readonly attempt: number }
  /** Somebody runs it. `leaseLeftMs`: until he counts as dead; `leftMs`: until the record ends. */
  | { readonly status: 'running'; readonly leaseLeftMs: number; readonly leftMs: number }
  /** Somebody ran it, and nobody knows how it ended: his lease ran out, and `takeOver` is false. */
  | { readonly status: 'unknown' }
  /** The record belongs to another fingerprint, whatever its state. */
  | { readonly status: 'mismatch' }
  /** Done. `reply` is what finish() was given. */
  | { readonly status: 'done'; readonly reply: Buffer }
  /** Done, and the reply cannot be had again; `reply` is what finish() was given in its place. */
  | { readonly status: 'unreplayable'; readonly reply: Buffer }
  /** The command arrived after its deadline or its tombstone, and did nothing. */
  | { readonly status: 'void' };

/** The attempt that a record belongs to. */
export interface Attempt {
  readonly name: RecordName;
  readonly token: Buffer;
  readonly attempt: number;
  readonly fingerprint: Buffer;
  readonly retentionMs: number;
  readonly leaseMs: number;
}

/** How an attempt ended. */
export interface Outcome {
  /** `unreplayable`: the reply is too large to be kept; what is kept instead says so. */
  readonly state: 'done' | 'unreplayable';
  readonly reply: Buffer;
}

/** What is known of a record. */
export interface StoredRecord {
  /** `free`: an attempt failed, and the next one may start; the count of attempts is kept. */
  readonly state: 'running' | 'done' | 'unreplayable' | 'free';
  readonly attempt: number;
  /** Since its last change or renewal, in ms. */
  readonly ageMs: number;
  /** Until it ends by itself, in ms. */
  readonly leftMs: number;
  readonly leaseMs: number;
  /** Bytes of the stored reply. */
  readonly replyBytes: number;
}

/**
 * What idempotency needs from a backend. Every promise settles within the command timeout or 350 ms, whichever is shorter
 * (the purge of a scope takes as long as it has to, each of its commands no longer); a rejection is a LockStoreError and means that nobody
 * knows whether the command took effect.
 *
 * A record is one string: a fixed header (version, state, attempt, token, fingerprint, retention, lease) and the reply's bytes.
 * Its TTL is always the retention, set anew by each write and renewal, so its age is what the retention has lost: the lease
 * is measured by the server.
 */
export interface RecordStore {
  readonly description: string;
  /** Connects; rejects with LockStoreError or LockOptionsError where the server is not usable. Called once, before anything else. */
  open(): Promise<void>;
  close(): Promise<void>;
  begin(command: BeginCommand): Promise<BeginReply>;
  /** Stores the outcome; false when the record is not the attempt's any more. May be repeated: the second time it is true again. */
  finish(attempt: Attempt, outcome: Outcome): Promise<boolean>;
  /**
   * Lets the operation be run again: a first attempt's record goes, a later one's stays as `free`. False when it is not the attempt's: it may
   * be repeated, and is false then where the first time the record went.
   */
  fail(attempt: Attempt): Promise<boolean>;
  /** Starts the lease anew; false when the record is not the attempt's any more, or is not running. */
  renew(attempt: Attempt): Promise<boolean>;
  /** Undoes a begin whose answer was not clear, whether it has arrived or not: as fail(), and a begin that arrives later does nothing. */
  cancel(name: RecordName, token: Buffer): Promise<void>;
  inspect(name: RecordName): Promise<StoredRecord | undefined>;
  /** Forgets one record, or all of a scope, running ones too; returns how many there were. */
  purge(what: RecordName | { readonly scope: string }): Promise<number>;
}
