import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import {
  DOWNGRADE,
  EXTEND,
  GRANT,
  GRANT_ALL,
  HEARTBEAT,
  RELEASE,
  SHARE_EXTEND,
  SHARE_GRANT,
  SHARE_HEARTBEAT,
  SHARE_RELEASE,
} from '../../../libs/redis-lock/src/lua/scripts.generated.js';
import { systemClock, SystemTimers } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import { clientFactory } from '../../../libs/redis-lock/src/store/redis/client-settings.js';
import { KeySpace } from '../../../libs/redis-lock/src/store/redis/key-space.js';
import { RedisLockStore } from '../../../libs/redis-lock/src/store/redis/redis-lock.store.js';
import { markerOf } from '../../../libs/redis-lock/src/store/sharing.js';
import { until } from '../../faults/support/until.js';
import {
  COMMAND_TIMEOUT,
  LIVE_MS,
  notingInbox,
  type Arrival,
  type ArrivingAttempt,
  type ArrivingPlace,
  type StoreProcess,
  type StoreStage,
} from './store-stage.js';

/** By the status in a reply of heartbeat.lua and release.lua. */
const PLACES: Readonly<Record<number, 'granted' | 'queued' | 'own' | 'stale'>> = { 0: 'granted', 2: 'stale', 4: 'queued', 5: 'own' };
const ARRIVALS: Readonly<Record<number, Arrival>> = { 0: 'granted', 1: 'busy', 2: 'stale', 3: 'cancelled', 4: 'queued', 6: 'mismatch' };
/** By the status in a reply of extend.lua, share-extend.lua and downgrade.lua. */
const SETTINGS = [false, true, 'stale'] as const;
const TOGETHER = ['granted', 'busy', 'stale'] as const;

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

  async arrive({ queues = false, count = 1, ...attempt }: ArrivingAttempt): Promise<Arrival> {
    const { sharing, leaseMs } = attempt;
    const [keys, [token, , deadline, subscribed]] = await this.placeArgs(attempt, count);
    const terms = queues === false ? '' : queues === 'unsubscribed' ? subscribed.replace('s', 'u') : subscribed;
    const args = [...keys, token, leaseMs, deadline, count, terms, this.names.channelPrefix];
    const reply = await (sharing === undefined
      ? this.raw.eval(GRANT.source, 3, ...args)
      : this.raw.eval(SHARE_GRANT.source, 3, ...args, markerOf(sharing)));
    return meaning(ARRIVALS, reply);
  }

  async arriveExtension({ key, token, leaseMs, deadlineMs, sharing }: ArrivingPlace): Promise<boolean | 'stale'> {
    const [lock, companion] = this.names.keysOf(this.names.lock(key));
    const args = [token, leaseMs, await this.deadline(deadlineMs)];
    const reply = await (sharing === undefined
      ? this.raw.eval(EXTEND.source, 1, lock, ...args)
      : this.raw.eval(SHARE_EXTEND.source, 2, lock, companion, ...args));
    return meaning(SETTINGS, reply);
  }

  async arriveDowngrade({ key, token, leaseMs, deadlineMs }: ArrivingPlace): Promise<boolean | 'stale'> {
    const args = [...this.names.keysOf(this.names.lock(key)), token, leaseMs, await this.deadline(deadlineMs), this.names.channelPrefix];
    return meaning(SETTINGS, await this.raw.eval(DOWNGRADE.source, 3, ...args));
  }

  async arriveTogether(
    ...[claims, leaseMs, deadlineMs]: Parameters<StoreStage['arriveTogether']>
  ): ReturnType<StoreStage['arriveTogether']> {
    const keys = claims.flatMap(({ key }, i) => this.names.keysOf(this.names.lock(key)).slice(0, i === 0 ? 3 : 2));
    const args = [...keys, await this.deadline(deadlineMs), leaseMs, ...claims.map(({ token }) => token)];
    return meaning(TOGETHER, await this.raw.eval(GRANT_ALL.source, keys.length, ...args));
  }

  async arriveHeartbeat(heartbeat: Parameters<StoreStage['arriveHeartbeat']>[0]): ReturnType<StoreStage['arriveHeartbeat']> {
    const [keys, place] = await this.placeArgs(heartbeat);
    const script = heartbeat.sharing === undefined ? HEARTBEAT : SHARE_HEARTBEAT;
    return meaning(PLACES, await this.raw.eval(script.source, 3, ...keys, heartbeat.current, ...place));
  }

  async arriveRelease(release: Parameters<StoreStage['arriveRelease']>[0]): ReturnType<StoreStage['arriveRelease']> {
    const [keys, place] = await this.placeArgs(release);
    const script = release.sharing === undefined ? RELEASE : SHARE_RELEASE;
    const reply = await this.raw.eval(script.source, 3, ...keys, release.of, 0, this.names.channelPrefix, ...place);
    if (!Array.isArray(reply)) return { released: reply === 1, next: undefined };
    const next = meaning(PLACES, reply);
    return { released: true, next: next === 'granted' || next === 'queued' ? next : undefined };
  }

  async now(): Promise<number> {
    const [seconds, micros] = await this.raw.time();
    return Number(seconds) * 1e6 + Number(micros);
  }

  async useFence(fence: number): Promise<void> {
    await this.raw.set(this.names.fence(''), String(fence), 'PX', 60_000);
  }

  async loseData(): Promise<void> {
    const keys = await this.raw.keys(`${this.prefix}*`);
    if (keys.length > 0) await this.raw.del(keys);
  }

  async stop(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
    this.raw.disconnect();
  }

  private async deadline(ms: number): Promise<number> {
    return (await this.now()) + ms * 1_000;
  }

  private async placeArgs(
    { key, token, leaseMs, deadlineMs, sharing }: ArrivingPlace,
    count = 1,
  ): Promise<[keys: string[], place: [token: string, leaseMs: number, deadline: number, terms: string]]> {
    const what = sharing === undefined ? '-' : sharing.kind === 'read' ? `r${String(count)}` : `p${String(sharing.limit)}`;
    const terms = `s ${String(LIVE_MS)} ${String(leaseMs)} 0 ${what} ${this.names.channelPrefix}`;
    return [this.names.keysOf(this.names.lock(key)), [token, leaseMs, await this.deadline(deadlineMs), terms]];
  }
}

/** What a script's reply says by its first element. @throws where that is unknown */
function meaning<T>(meanings: Readonly<Record<number, T>>, reply: unknown): T {
  const [status = -1] = reply as number[]; // the shape is the script's
  const found = meanings[status];
  if (found === undefined) throw new Error(`Unknown reply ${String(status)}`);
  return found;
}
