import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LockStoreError } from 'nestjs-redis-lock';
import { IdempotencyEngine, type Begun } from '../../../../libs/redis-lock/src/idempotency/idempotency-engine.js';
import type { RunningAttempt } from '../../../../libs/redis-lock/src/idempotency/running-attempt.js';
import { systemClock, SystemTimers } from '../../../../libs/redis-lock/src/runtime/system-clock.js';
import { clientFactory } from '../../../../libs/redis-lock/src/store/redis/client-settings.js';
import { RedisRecordStore } from '../../../../libs/redis-lock/src/store/redis/redis-record.store.js';
import { recordLog } from './record-log.js';

/** What all callers of one run have in common. */
export interface RecordSettings {
  readonly url: string;
  readonly leaseMs: number;
  /** `retry`, or otherwise `block`. */
  readonly takeOver: boolean;
}

/** What became of one call; `error` where the store gave no clear answer in time. */
export type CallStatus = Begun['status'] | 'error';

/** `owner`: the number of the caller whose attempt the record is, which that one need not know yet. */
export type Call = { readonly status: 'running'; readonly owner: number } | { readonly status: Exclude<CallStatus, 'running'> };

/** Each caller adds its number, so that a record tells whose it is from its first moment on. */
const RETENTION_MS = 3_600_000;
const FINGERPRINT = Buffer.alloc(16, 1);

/** Sends idempotent operations as a route would, without HTTP, and writes down what it did where the records are not. */
export class RecordCaller {
  private constructor(
    private readonly engine: IdempotencyEngine,
    private readonly log: Redis,
    private readonly settings: RecordSettings,
    private readonly name: string,
    readonly number: number,
    private readonly workMs: () => number,
  ) {}

  /** @param name unique: whose work it is, in the log */
  static async open(settings: RecordSettings, name: string, workMs: () => number): Promise<RecordCaller> {
    const timers = new SystemTimers();
    const log = { warn: () => undefined };
    const store = new RedisRecordStore({
      clients: clientFactory(settings.url),
      keyPrefix: 'records:',
      commandTimeout: 1_000,
      allowEviction: false,
      clock: systemClock,
      timers,
      log,
    });
    const engine = new IdempotencyEngine({ store, clock: systemClock, timers, log }, 2_000);
    await engine.open();
    const connection = new Redis(settings.url);
    const number = (await connection.rpush(recordLog.callers, name)) - 1;
    return new RecordCaller(engine, connection, settings, name, number, workMs);
  }

  /** @param waitMs how long it waits where somebody else runs the operation */
  async call(key: string, waitMs: number): Promise<Call> {
    const { leaseMs, takeOver } = this.settings;
    const request = {
      name: { scope: 'crashes', operation: key },
      fingerprint: FINGERPRINT,
      retentionMs: RETENTION_MS + this.number,
      leaseMs,
      takeOver,
    };
    let begun: Begun;
    try {
      begun = waitMs > 0 ? await this.engine.beginOrWait(request, waitMs, () => false) : await this.engine.begin(request);
    } catch (error) {
      if (error instanceof LockStoreError) return { status: 'error' };
      throw error;
    }
    // What is left of the lease and of the retention has the same age taken off.
    if (begun.status === 'running') return { status: begun.status, owner: begun.leftMs - begun.leaseLeftMs + leaseMs - RETENTION_MS };
    if (begun.status === 'done') await this.log.sadd(recordLog.replies(key), begun.reply.toString());
    if (begun.status === 'started') await this.run(key, begun.attempt);
    return { status: begun.status };
  }

  async stop(): Promise<void> {
    await this.engine.close();
    this.log.disconnect();
  }

  private async run(key: string, attempt: RunningAttempt): Promise<void> {
    const { log, name } = this;
    const count = attempt.record.attempt;
    attempt.keepUp();
    await log.multi().sadd(recordLog.owned(name), key).rpush(recordLog.starts(key), count).exec();
    await pause(this.workMs());
    const reply = `${String(count)} ${name} ${randomUUID()}`;
    const isStored = await attempt.settle({ state: 'done', reply: Buffer.from(reply) });
    if (isStored) await log.sadd(recordLog.replies(key), reply);
    else await log.incr(recordLog.refused);
    await log.srem(recordLog.owned(name), key);
  }
}
