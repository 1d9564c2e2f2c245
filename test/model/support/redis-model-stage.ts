import { Command, Redis } from 'ioredis';
import * as scripts from '../../../libs/redis-lock/src/lua/scripts.generated.js';
import type { LuaScript } from '../../../libs/redis-lock/src/lua/lua-script.js';
import type { Clock, Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import { SystemTimers } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type { LockStore } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { clientFactory, type ClientFactory } from '../../../libs/redis-lock/src/store/redis/client-settings.js';
import { KeySpace } from '../../../libs/redis-lock/src/store/redis/key-space.js';
import { RedisLockStore } from '../../../libs/redis-lock/src/store/redis/redis-lock.store.js';
import { ScriptCommand } from '../../../libs/redis-lock/src/store/redis/script-command.js';
import { notingInbox, type ModelStage, type ToldWithFence } from './model-stage.js';
import { COMMAND_TIMEOUT } from './times.js';
import { inVirtualTime } from './virtual-time.js';

const PREFIX = 'model:';
/** Older than any deadline allows. */
const LATE_MS = 2 * COMMAND_TIMEOUT;

/** A command as ScriptCommand keeps it. */
interface ScriptCall {
  readonly script: LuaScript;
  readonly keyCount: number;
  readonly values: readonly (string | number)[];
}

/** The Redis store on a server of its own: the real client and the real scripts, in virtual time. */
export class RedisModelStage implements ModelStage {
  readonly kind = 'redis';
  private readonly names = new KeySpace(PREFIX, false);
  private readonly stores = new Map<string, RedisLockStore>();
  private readonly subscribers = new Map<string, Redis>();
  private readonly staged = new Map<string, LuaScript>();
  private readonly unheard = new Set<string>();
  private readonly deaf = new Set<string>();
  private readonly heard: ToldWithFence[] = [];
  private readonly clock: Clock = { now: () => this.sent(false) };
  private ms = 0;

  private constructor(
    private readonly url: string,
    private readonly raw: Redis,
  ) {}

  /**
   * @param url a server that is used for nothing else
   * @param edit changes the scripts, for instance breaks one
   */
  static async open(
    url: string,
    processes: readonly string[],
    startMs: number,
    edit: (script: LuaScript) => LuaScript = (script) => script,
  ): Promise<RedisModelStage> {
    const raw = new Redis(url, { lazyConnect: true });
    await raw.connect();
    const stage = new RedisModelStage(url, raw);
    stage.ms = startMs;
    for (const script of Object.values(scripts)) {
      const staged = inVirtualTime(edit(script));
      await raw.script('LOAD', staged.source);
      stage.staged.set(script.name, staged);
    }
    for (const process of processes) await stage.open(process);
    return stage;
  }

  async begin(startMs: number): Promise<void> {
    await this.raw.flushdb();
    this.ms = startMs;
    for (const process of this.stores.keys()) await this.connect(process, true, true);
    this.heard.length = 0;
  }

  store(process: string): LockStore {
    const store = this.stores.get(process);
    if (store === undefined) throw new Error(`There is no process ${process}.`);
    return store;
  }

  sent(late: boolean): Instant {
    const ms = late ? this.ms - LATE_MS : this.ms;
    return { monotonic: ms, wall: ms };
  }

  pass(ms: number): void {
    this.ms += ms;
  }

  async connect(process: string, reachable: boolean, hears: boolean): Promise<void> {
    const channel = this.names.channelPrefix + process;
    if (reachable) this.unheard.delete(channel);
    else this.unheard.add(channel);
    if (hears !== this.deaf.has(process)) return;
    const subscriber = this.subscribers.get(process);
    // As the client says it; that it has subscribed again is known when a command behind that one is answered.
    subscriber?.emit(hears ? 'ready' : 'close');
    await subscriber?.ping();
    if (hears) this.deaf.delete(process);
    else this.deaf.add(process);
  }

  told(): ToldWithFence[] {
    return this.heard.splice(0);
  }

  async loseData(): Promise<void> {
    await this.raw.flushdb();
  }

  async deleteKey(key: string): Promise<void> {
    await this.raw.del(this.names.lock(key));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.stores.values()].map((store) => store.close()));
    this.raw.disconnect();
  }

  private async open(process: string): Promise<void> {
    const store = new RedisLockStore({
      clients: this.clients(process),
      keyPrefix: PREFIX,
      commandTimeout: COMMAND_TIMEOUT,
      allowEviction: false,
      clock: this.clock,
      timers: new SystemTimers(),
      log: { warn: () => undefined },
    });
    this.stores.set(process, store);
    await store.open(notingInbox(process, this.heard));
  }

  /** Clients whose scripts run in virtual time. */
  private clients(process: string): ClientFactory {
    const factory = clientFactory(this.url);
    return {
      ...factory,
      create: (commandTimeout) => {
        const client = factory.create(commandTimeout);
        if (!(client instanceof Redis)) throw new Error('The stage runs on one server.');
        const send = client.sendCommand.bind(client);
        client.sendCommand = (command, stream) => {
          if (command.name === 'subscribe') this.subscribers.set(process, client);
          if (command instanceof ScriptCommand) return this.runStaged(command, send);
          if (command.name !== 'time') return send(command, stream);
          command.resolve([String(Math.floor(this.ms / 1_000)), String((this.ms % 1_000) * 1_000)]);
          return command.promise;
        };
        return client;
      },
    };
  }

  private runStaged(command: ScriptCommand, send: (command: Command) => unknown): Promise<unknown> {
    const { script, keyCount, values } = command as unknown as ScriptCall; // private to everybody else
    const staged = this.staged.get(script.name);
    if (staged === undefined) throw new Error(`There is no script ${script.name}.`);
    const args = [staged.sha1, keyCount, ...values, this.ms * 1_000, ` ${[...this.unheard].join(' ')} `];
    const sent = new Command('evalsha', args, { replyEncoding: 'utf8' });
    send(sent);
    sent.promise.then(
      (reply) => {
        const [own, published] = reply as [unknown, string[]]; // the shape is virtual-time.ts's
        for (let i = 0; i + 1 < published.length; i += 2) this.publish(published[i] ?? '', published[i + 1] ?? '');
        command.resolve(own);
      },
      (error: unknown) => command.reject(error as Error),
    );
    return command.promise;
  }

  private publish(channel: string, message: string): void {
    for (const [process, subscriber] of this.subscribers) {
      if (channel === this.names.channelPrefix + process) subscriber.emit('message', channel, message);
    }
  }
}
