import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { EXTEND, GRANT, HEARTBEAT, RELEASE } from '../../../libs/redis-lock/src/lua/scripts.generated.js';
import { systemClock, SystemTimers } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import { clientFactory } from '../../../libs/redis-lock/src/store/redis/client-settings.js';
import { KeySpace } from '../../../libs/redis-lock/src/store/redis/key-space.js';
import { RedisLockStore } from '../../../libs/redis-lock/src/store/redis/redis-lock.store.js';
import { until } from '../../faults/support/until.js';
import {
  COMMAND_TIMEOUT,
  LIVE_MS,
  notingInbox,
  type Arrival,
  type ArrivingPlace,
  type StoreProcess,
  type StoreStage,
} from './store-stage.js';

/** By the status in a reply of heartbeat.lua and release.lua. */
const PLACES: Readonly<Record<number, 'granted' | 'queued' | 'own' | 'stale'>> = { 0: 'granted', 2: 'stale', 4: 'queued', 5: 'own' };
const ARRIVALS: readonly Arrival[] = ['granted', 'busy', 'stale', 'cancelled', 'queued'];

/** The Redis store on the server of the whole run, under a prefix of its own. */
export class RedisStage implements StoreStage {
  readonly prefix = `conformance-${randomBytes(6).toString('hex')}:`;
  private readonly names = new KeySpace(this.prefix, false);
  private readonly stores: RedisLockStore[] = [];

  private constructor(
    private readonly url: string,
    /** A client that knows nothing of locks. */
    readonly raw: Redis,
  ) {}

  static async open(url: string = process.env['TEST_REDIS_URL'] ?? ''): Promise<RedisStage> {
    const raw = new Redis(url, { lazyConnect: true });
    await raw.connect();
    return new RedisStage(url, raw);
  }

  async connect(): Promise<StoreProcess> {
    const name = randomBytes(9).toString('base64url');
    const store = new RedisLockStore({
      clients: clientFactory(this.url),
      keyPrefix: this.prefix,
      commandTimeout: COMMAND_TIMEOUT,
      allowEviction: false,
      clock: systemClock,
      timers: new SystemTimers(),
      log: { warn: () => undefined },
    });
    this.stores.push(store);
    const process: StoreProcess = {
      name,
      store,
      granted: [],
      others: [],
      forced: [],
      told: [],
      token: () => `${name}.${randomBytes(16).toString('base64url')}`,
    };
    await store.open(notingInbox(name, process));
    return process;
  }

  async pass(ms: number): Promise<void> {
    const from = await this.now();
    await until(`${String(ms)} ms pass at the server`, ms + 5_000, async () => (await this.now()) > from + ms * 1_000);
  }

  async arrive({ key, token, leaseMs, deadlineMs, queues = false }: Parameters<StoreStage['arrive']>[0]): Promise<Arrival> {
    const lock = this.names.lock(key);
    const keys = [lock, this.names.companion(lock), this.names.fence(lock)];
    const deadline = (await this.now()) + deadlineMs * 1_000;
    const mark = queues === 'unsubscribed' ? 'u' : 's';
    const terms = queues === false ? '' : `${mark} ${String(LIVE_MS)} ${String(leaseMs)} 0 ${this.names.channelPrefix}`;
    const reply = await this.raw.eval(GRANT.source, 3, ...keys, token, leaseMs, deadline, 1, terms, this.names.channelPrefix);
    const [status = -1] = reply as number[]; // the shape is grant.lua's
    return ARRIVALS[status] ?? Promise.reject(new Error(`Unknown reply ${String(status)}`));
  }

  async arriveExtension({ key, token, leaseMs, deadlineMs }: Parameters<StoreStage['arriveExtension']>[0]): Promise<boolean | 'stale'> {
    const deadline = (await this.now()) + deadlineMs * 1_000;
    const reply = await this.raw.eval(EXTEND.source, 1, this.names.lock(key), token, leaseMs, deadline);
    const [status] = reply as number[]; // the shape is extend.lua's
    return status === 2 ? 'stale' : status === 1;
  }

  async arriveHeartbeat(heartbeat: Parameters<StoreStage['arriveHeartbeat']>[0]): ReturnType<StoreStage['arriveHeartbeat']> {
    const [keys, place] = await this.placeArgs(heartbeat);
    const reply = await this.raw.eval(HEARTBEAT.source, 3, ...keys, heartbeat.current, ...place);
    const [status = -1] = reply as number[]; // the shape is heartbeat.lua's
    return PLACES[status] ?? Promise.reject(new Error(`Unknown reply ${String(status)}`));
  }

  async arriveRelease(release: Parameters<StoreStage['arriveRelease']>[0]): ReturnType<StoreStage['arriveRelease']> {
    const [keys, place] = await this.placeArgs(release);
    const reply = await this.raw.eval(RELEASE.source, 3, ...keys, release.of, 0, this.names.channelPrefix, ...place);
    if (!Array.isArray(reply)) return { released: reply === 1, next: undefined };
    const [status = -1] = reply as number[]; // the shape is release.lua's
    const next = PLACES[status];
    return { released: true, next: next === 'granted' || next === 'queued' ? next : undefined };
  }

  async now(): Promise<number> {
    const [seconds, micros] = await this.raw.time();
    return Number(seconds) * 1e6 + Number(micros);
  }

  async useFence(fence: number): Promise<void> {
    await this.raw.set(this.names.fence(''), String(fence), 'PX', 60_000);
  }

  async stop(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
    this.raw.disconnect();
  }

  private async placeArgs({ key, token, leaseMs, deadlineMs }: ArrivingPlace): Promise<[keys: string[], place: (string | number)[]]> {
    const lock = this.names.lock(key);
    const terms = `s ${String(LIVE_MS)} ${String(leaseMs)} 0 ${this.names.channelPrefix}`;
    const keys = [lock, this.names.companion(lock), this.names.fence(lock)];
    return [keys, [token, leaseMs, (await this.now()) + deadlineMs * 1_000, terms]];
  }
}
