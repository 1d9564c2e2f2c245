import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { RECORD_BEGIN } from '../../../libs/redis-lock/src/lua/scripts.generated.js';
import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import { systemClock, SystemTimers } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import { clientFactory } from '../../../libs/redis-lock/src/store/redis/client-settings.js';
import type { RedisConnection } from '../../../libs/redis-lock/src/store/redis/connection.js';
import { KeySpace } from '../../../libs/redis-lock/src/store/redis/key-space.js';
import { packClaim } from '../../../libs/redis-lock/src/store/redis/record-header.js';
import { RedisRecordStore, type RedisRecordStoreOptions } from '../../../libs/redis-lock/src/store/redis/redis-record.store.js';
import type { BeginCommand, RecordName, RecordStore } from '../../../libs/redis-lock/src/store/record-store.interface.js';
import { until } from '../../faults/support/until.js';
import type { BeginArrival, RecordStage } from './record-stage.js';

/** By the code of record-begin.lua's reply. */
const ARRIVALS: readonly BeginArrival[] = ['started', 'running', 'stale', 'cancelled', 'mismatch', 'unknown', 'done', 'unreplayable'];

/** The Redis store of records, by default on the server of the whole run; under a prefix of its own. */
export class RedisRecordStage implements RecordStage {
  readonly names: KeySpace;
  private readonly stores: RedisRecordStore[] = [];

  private constructor(
    private readonly url: string,
    /** A client that knows nothing of records. */
    readonly raw: Redis,
    readonly prefix: string,
  ) {
    this.names = new KeySpace(prefix, false);
  }

  static async open({
    url = process.env['TEST_REDIS_URL'] ?? '',
    prefix = `records-${randomBytes(6).toString('hex')}:`,
  } = {}): Promise<RedisRecordStage> {
    const raw = new Redis(url, { lazyConnect: true });
    await raw.connect();
    return new RedisRecordStage(url, raw, prefix);
  }

  /** @param connection where it leads through a proxy, or belongs to somebody */
  async connect(connection: RedisConnection = this.url, options: Partial<RedisRecordStoreOptions> = {}): Promise<RecordStore> {
    const store = new RedisRecordStore({
      clients: clientFactory(connection),
      keyPrefix: this.prefix,
      commandTimeout: 1_000,
      allowEviction: false,
      clock: systemClock,
      timers: new SystemTimers(),
      log: { warn: () => undefined },
      ...options,
    });
    this.stores.push(store);
    await store.open();
    return store;
  }

  async pass(ms: number): Promise<void> {
    const from = await this.serverTime();
    await until(`${String(ms)} ms pass at the server`, ms + 5_000, async () => (await this.serverTime()) > from + ms * 1_000);
  }

  async arrive(begin: BeginCommand, deadlineMs: number): Promise<BeginArrival> {
    const record = this.names.record(begin.name);
    const args = [begin.retentionMs, (await this.serverTime()) + deadlineMs * 1_000, begin.takeOver ? 1 : 0, packClaim(begin)];
    const reply = await this.raw.eval(RECORD_BEGIN.source, 2, record, this.names.companion(record), ...args);
    const [code = -1] = reply as number[]; // the shape is record-begin.lua's
    return ARRIVALS[code] ?? Promise.reject(new Error(`Unknown reply ${String(code)}`));
  }

  now(): Instant {
    return systemClock.now();
  }

  /** The bytes of a record. */
  bytes(name: RecordName): Promise<Buffer | null> {
    return this.raw.getBuffer(this.names.record(name));
  }

  async stop(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
    this.raw.disconnect();
  }

  private async serverTime(): Promise<number> {
    const [seconds, micros] = await this.raw.time();
    return Number(seconds) * 1e6 + Number(micros);
  }
}
