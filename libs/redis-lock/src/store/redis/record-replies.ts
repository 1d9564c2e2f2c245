import type { BeginReply, StoredRecord } from '../record-store.interface.js';

/** What record-begin.lua answers: a code, the server's time in µs, and what belongs to the code. */
export type BeginAnswer = readonly [code: number, now: number, ...details: unknown[]];

const STARTED = 0;
const RUNNING = 1;
const STALE = 2;
const CANCELLED = 3;
const MISMATCH = 4;
const UNKNOWN = 5;
const DONE = 6;

/** Whether the command arrived after its deadline, as far as anybody can tell before the server's clock is known. */
export function isStale([code]: BeginAnswer): boolean {
  return code === STALE;
}

/** What the answer means to whoever asked. */
export function readBegin([code, , ...details]: BeginAnswer): BeginReply {
  switch (code) {
    case STARTED: {
      const [attempt] = details as [number]; // as record-begin.lua says, here and below
      return { status: 'started', attempt };
    }
    case RUNNING: {
      const [leaseLeftMs, leftMs] = details as [number, number];
      return { status: 'running', leaseLeftMs, leftMs };
    }
    case STALE:
    case CANCELLED:
      return { status: 'void' };
    case MISMATCH:
      return { status: 'mismatch' };
    case UNKNOWN:
      return { status: 'unknown' };
    default: {
      const [reply] = details as [Buffer];
      return { status: code === DONE ? 'done' : 'unreplayable', reply };
    }
  }
}

const STATES: readonly (StoredRecord['state'] | undefined)[] = [undefined, 'running', 'done', 'unreplayable', 'free'];

/** The shape is record-inspect.lua's. */
export function readInspection(reply: unknown): StoredRecord | undefined {
  if (reply === null) return undefined;
  const [state, attempt, retentionMs, leaseMs, leftMs, replyBytes] = reply as [number, number, number, number, number, number];
  return { state: STATES[state] ?? 'free', attempt, ageMs: retentionMs - leftMs, leftMs, leaseMs, replyBytes };
}
