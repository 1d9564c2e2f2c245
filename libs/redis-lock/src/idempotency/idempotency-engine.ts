import { randomBytes } from 'node:crypto';
import { LockStoreError } from '../errors/lock-store.error.js';
import { Lease } from '../lock/lease.js';
import { UnderWay } from '../lock/under-way.js';
import { atMost } from '../runtime/at-most.js';
import { outside } from '../runtime/outside.js';
import type { BeginReply, RecordName, RecordStore } from '../store/record-store.interface.js';
import { LocalWaiters } from './local-waiters.js';
import { RunningAttempt, type AttemptParts } from './running-attempt.js';

/** What an attempt asks for. */
export interface BeginRequest {
  readonly name: RecordName;
  readonly fingerprint: Buffer;
  readonly retentionMs: number;
  readonly leaseMs: number;
  readonly takeOver: boolean;
}

/** The operation is the caller's to run, or what became of it. */
export type Begun = { readonly status: 'started'; readonly attempt: RunningAttempt } | Exclude<BeginReply, { status: 'started' | 'void' }>;

const TOKEN_BYTES = 16;
const POOL_TOKENS = 64;
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 500;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/** Begins attempts and sees to their end; knows records, not HTTP. */
export class IdempotencyEngine {
  private readonly closing = new AbortController();
  private readonly parts: AttemptParts;
  private readonly waiters: LocalWaiters;
  private readonly underWay = new UnderWay();
  private opened: Promise<void> | undefined;
  private tokens = Buffer.alloc(0);

  constructor(
    parts: Omit<AttemptParts, 'closed'>,
    private readonly shutdownTimeout: number,
  ) {
    this.parts = { ...parts, closed: this.closing.signal };
    this.waiters = new LocalWaiters(parts.timers);
  }

  get store(): RecordStore {
    return this.parts.store;
  }

  /** Connects, once, when something needs it. @throws LockStoreError, LockOptionsError */
  open(): Promise<void> {
    return (this.opened ??= this.store.open());
  }

  /**
   * Begins an operation, or says what became of it. An attempt whose answer is not clear is taken back, so that the handler of a
   * request that was refused never starts later.
   * @throws LockStoreError
   */
  async begin({ name, ...request }: BeginRequest): Promise<Begun> {
    const { store, clock } = this.parts;
    await this.open();
    const token = this.nextToken();
    const sent = clock.now();
    let reply;
    try {
      reply = await store.begin({ name, token, sent, ...request });
    } catch (error) {
      void this.takeBack(name, token, request.leaseMs);
      throw error;
    }
    if (reply.status === 'void')
      throw new LockStoreError('An idempotent request reached the store after its deadline, and was ignored there.');
    if (reply.status !== 'started') return reply;
    if (Lease.granted(sent, request.leaseMs).left(clock.now()) <= 0) {
      void this.takeBack(name, token, request.leaseMs);
      throw new LockStoreError('The answer to an idempotent request arrived after its lease had ended.');
    }
    const { fingerprint, retentionMs, leaseMs } = request;
    const record = { name, token, attempt: reply.attempt, fingerprint, retentionMs, leaseMs };
    this.underWay.begin();
    const onOver = (): void => {
      this.underWay.end();
      this.waiters.wake(name);
    };
    return { status: 'started', attempt: new RunningAttempt(record, this.parts, sent, onOver) };
  }

  /**
   * The same, but where somebody runs it, waits for what becomes of it; the answer is `running` only when the time is up, or nobody waits any more.
   * @throws LockStoreError
   */
  async beginOrWait(request: BeginRequest, waitMs: number, isForlorn: () => boolean): Promise<Begun> {
    const { clock } = this.parts;
    const until = clock.now().monotonic + waitMs;
    for (let poll = FIRST_POLL_MS; ; poll = Math.min(2 * poll, LONGEST_POLL_MS)) {
      const begun = await this.begin(request);
      const left = until - clock.now().monotonic;
      if (begun.status !== 'running' || left <= 0 || isForlorn() || this.closing.signal.aborted) return begun;
      await this.waiters.pause(request.name, Math.min(poll, left));
    }
  }

  /** Waits for what runs, at most shutdownTimeout, and then closes the store. What is still unsettled then ends at its lease. */
  async close(): Promise<void> {
    if (this.opened === undefined) return;
    await atMost(this.parts.timers, this.shutdownTimeout, this.underWay.whenNone());
    this.closing.abort();
    await this.store.close();
  }

  /** Never rejects: until the lease has ended, which does the same. */
  private async takeBack(name: RecordName, token: Buffer, leaseMs: number): Promise<void> {
    const { store, clock, timers, closed } = this.parts;
    const until = clock.now().monotonic + leaseMs;
    for (let delay = FIRST_RETRY_MS; !closed.aborted && clock.now().monotonic < until; delay = Math.min(2 * delay, LONGEST_RETRY_MS)) {
      try {
        await store.cancel(name, token);
        this.waiters.wake(name);
        return;
      } catch {
        await new Promise<void>((resolve) => void outside(() => timers.after(delay, resolve, { background: true })));
      }
    }
  }

  private nextToken(): Buffer {
    if (this.tokens.length === 0) this.tokens = randomBytes(TOKEN_BYTES * POOL_TOKENS);
    const token = this.tokens.subarray(0, TOKEN_BYTES);
    this.tokens = this.tokens.subarray(TOKEN_BYTES);
    return token;
  }
}
