import type { Clock } from '../../runtime/clock.js';
import type { Attempt, BeginCommand, BeginReply, Outcome, RecordName, StoredRecord } from '../record-store.interface.js';

/** An attempt as it arrives: its deadline is in the server's time, ms. */
export interface ArrivingBegin extends Omit<BeginCommand, 'sent'> {
  readonly deadline: number;
}

/** Reply to an attempt: as a store's, but it says why a command did nothing. */
export type ServerBeginReply = Exclude<BeginReply, { status: 'void' }> | { readonly status: 'stale' } | { readonly status: 'cancelled' };

interface MemoryRecord {
  readonly state: StoredRecord['state'];
  readonly attempt: number;
  readonly token: string;
  readonly fingerprint: string;
  readonly retentionMs: number;
  readonly leaseMs: number;
  readonly reply: Buffer;
  /** When it was last changed or renewed. */
  touchedAt: number;
}

type Claim = Pick<BeginCommand, 'token' | 'fingerprint' | 'retentionMs' | 'leaseMs'>;

const NOTHING = Buffer.alloc(0);
/** How many records each new attempt looks at, so that those that have lapsed go, also where nobody asks for them again. */
const SWEEP = 2;

/**
 * The records' server in this process: each method does what the Lua script of the same name does, in one step.
 * Several stores may share one server, as several instances share one Redis.
 */
export class MemoryRecordServer {
  private readonly records = new Map<string, MemoryRecord>();
  /** Cancelled attempts, by the record's name and the token, each until a moment. */
  private readonly tombstones = new Map<string, number>();
  private sweeper = this.records.keys();

  constructor(private readonly clock: Clock) {}

  /** The server's time in ms: never steps. */
  now(): number {
    return this.clock.now().monotonic;
  }

  /** How many records take up memory: those that have lapsed and were not come upon yet as well. */
  get size(): number {
    return this.records.size;
  }

  begin(command: ArrivingBegin): ServerBeginReply {
    const now = this.now();
    if (now > command.deadline) return { status: 'stale' };
    const name = nameOf(command.name);
    if ((this.tombstones.get(tombstoneOf(name, command.token)) ?? -Infinity) > now) return { status: 'cancelled' };
    this.sweep();
    const record = this.record(name);
    // A failed record binds nobody.
    if (record !== undefined && record.state !== 'free') {
      if (record.fingerprint !== textOf(command.fingerprint)) return { status: 'mismatch' };
      if (record.state !== 'running') return { status: record.state, reply: Buffer.from(record.reply) };
      const age = now - record.touchedAt;
      if (age <= record.leaseMs) return { status: 'running', leaseLeftMs: record.leaseMs - age, leftMs: record.retentionMs - age };
      if (!command.takeOver) return { status: 'unknown' };
    }
    const attempt = (record?.attempt ?? 0) + 1;
    this.write(name, command, { state: 'running', attempt, reply: NOTHING });
    return { status: 'started', attempt };
  }

  finish(attempt: Attempt, { state, reply }: Outcome): boolean {
    const name = nameOf(attempt.name);
    const record = this.owned(name, attempt.token);
    if (record === undefined || record.state === 'free') return false;
    this.write(name, attempt, { state, attempt: attempt.attempt, reply: Buffer.from(reply) });
    return true;
  }

  fail(recordName: RecordName, token: Buffer): boolean {
    const name = nameOf(recordName);
    const record = this.owned(name, token);
    if (record?.state === 'free') return true;
    if (record?.state !== 'running') return false;
    // Where it is not the first, its number must not be given again.
    if (record.attempt === 1) this.records.delete(name);
    else this.records.set(name, { ...record, state: 'free', touchedAt: this.now() });
    return true;
  }

  renew(attempt: Attempt): boolean {
    const record = this.owned(nameOf(attempt.name), attempt.token);
    if (record?.state !== 'running') return false;
    record.touchedAt = this.now();
    return true;
  }

  cancel(name: RecordName, token: Buffer, tombstoneMs: number): void {
    this.fail(name, token);
    const now = this.now();
    for (const [tombstone, until] of this.tombstones) if (until <= now) this.tombstones.delete(tombstone);
    this.tombstones.set(tombstoneOf(nameOf(name), token), now + tombstoneMs);
  }

  inspect(name: RecordName): StoredRecord | undefined {
    const record = this.record(nameOf(name));
    if (record === undefined) return undefined;
    const { state, attempt, leaseMs, retentionMs, reply, touchedAt } = record;
    const ageMs = this.now() - touchedAt;
    return { state, attempt, ageMs, leftMs: retentionMs - ageMs, leaseMs, replyBytes: reply.length };
  }

  purge(what: RecordName | { readonly scope: string }): number {
    const names = 'operation' in what ? [nameOf(what)] : [...this.records.keys()].filter((name) => name.startsWith(`${what.scope}:`));
    const there = names.filter((name) => this.record(name) !== undefined);
    for (const name of there) this.records.delete(name);
    return there.length;
  }

  private write(name: string, claim: Claim, what: Pick<MemoryRecord, 'state' | 'attempt' | 'reply'>): void {
    this.records.set(name, {
      ...what,
      token: textOf(claim.token),
      fingerprint: textOf(claim.fingerprint),
      retentionMs: claim.retentionMs,
      leaseMs: claim.leaseMs,
      touchedAt: this.now(),
    });
  }

  private owned(name: string, token: Buffer): MemoryRecord | undefined {
    const record = this.record(name);
    return record?.token === textOf(token) ? record : undefined;
  }

  private record(name: string): MemoryRecord | undefined {
    const record = this.records.get(name);
    if (record !== undefined && record.touchedAt + record.retentionMs <= this.now()) this.records.delete(name);
    return this.records.get(name);
  }

  private sweep(): void {
    for (let looked = 0; looked < SWEEP; looked++) {
      const { value: name } = this.sweeper.next();
      if (name !== undefined) this.record(name);
      else this.sweeper = this.records.keys();
    }
  }
}

function nameOf({ scope, operation }: RecordName): string {
  return `${scope}:${operation}`;
}

function tombstoneOf(name: string, token: Buffer): string {
  return `${name} ${textOf(token)}`;
}

function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}
