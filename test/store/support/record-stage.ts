import { randomBytes } from 'node:crypto';
import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import type { ServerBeginReply } from '../../../libs/redis-lock/src/store/memory/memory-record-server.js';
import type { Attempt, BeginCommand, RecordName, RecordStore } from '../../../libs/redis-lock/src/store/record-store.interface.js';

/** What became of an attempt at the server. */
export type BeginArrival = ServerBeginReply['status'];

/** A kind of store of records to be tested, on an empty server. */
export interface RecordStage {
  /** The store of one more process. */
  connect(): Promise<RecordStore>;
  /** Lets that much time pass at the server. */
  pass(ms: number): Promise<void>;
  /** An attempt arrives whose deadline is that far from now. */
  arrive(command: BeginCommand, deadlineMs: number): Promise<BeginArrival>;
  /** What the clock of the processes shows. */
  now(): Instant;
  stop(): Promise<void>;
}

/** No store waits longer for an answer. */
export const RECORD_TIMEOUT = 350;
export const STOCK: RecordName = { scope: 'scope-1', operation: 'stock' };
export const FINGERPRINT = Buffer.from('0123456789abcdef');
export const OTHER_FINGERPRINT = Buffer.alloc(16, 0xff);

/** An attempt to begin, with everything that does not matter filled in. */
export function command(stage: Pick<RecordStage, 'now'>, given: Partial<BeginCommand> = {}): BeginCommand {
  return {
    name: STOCK,
    token: randomBytes(16),
    fingerprint: FINGERPRINT,
    retentionMs: 3_600_000,
    leaseMs: 60_000,
    takeOver: true,
    sent: stage.now(),
    ...given,
  };
}

/** Begins what must be started. */
export async function started(store: RecordStore, begin: BeginCommand): Promise<Attempt> {
  const reply = await store.begin(begin);
  if (reply.status !== 'started') throw new Error(`${begin.name.operation}: ${reply.status}`);
  const { name, token, fingerprint, retentionMs, leaseMs } = begin;
  return { name, token, fingerprint, retentionMs, leaseMs, attempt: reply.attempt };
}
