import type { DynamicModule } from '@nestjs/common';
import { IdempotencyEngine } from '../idempotency/idempotency-engine.js';
import { IDEMPOTENCY_ENGINE, IDEMPOTENCY_EXPORTS, idempotencyProviders } from '../idempotency.providers.js';
import { LockEngine } from '../lock/lock-engine.js';
import { LockService } from '../lock/lock.service.js';
import type { RedisLockModuleExtras, RedisLockModuleOptions } from '../redis-lock.options.js';
import { lockServiceProviders } from '../redis-lock.providers.js';
import { redisLockSettings } from '../redis-lock.settings.js';
import { DEFAULT_CONNECTION, getLockEngineToken, getLockServiceToken, REDIS_LOCK_OPTIONS } from '../redis-lock.tokens.js';
import type { Clock, Timers } from '../runtime/clock.js';
import type { StoredLock, StoredShare } from '../store/lock-store.interface.js';
import { systemClock, SystemTimers } from '../runtime/system-clock.js';
import { MemoryLockServer } from '../store/memory/memory-lock-server.js';
import { MemoryLockStore } from '../store/memory/memory-lock.store.js';
import { MemoryRecordServer } from '../store/memory/memory-record-server.js';
import { MemoryRecordStore } from '../store/memory/memory-record.store.js';
import type { HeldLock } from './held-lock.js';
import { InterruptibleLockStore } from './interruptible-lock.store.js';
import { InterruptibleRecordStore } from './interruptible-record.store.js';
import type { ManualClock } from './manual-clock.js';
import { Outage } from './outage.js';
import type { OverridableBuilder } from './overridable-builder.js';
import { TestingLockModule } from './testing-lock.module.js';

/** Options of a {@link TestingLockServer}. */
export interface TestingLockServerOptions {
  /** Time that a test controls. Default: the machine's time. */
  clock?: ManualClock;
}

/** The module's options, without the connection: that is the testing server. `shutdownTimeout` is 0 unless it is given, since tests leave locks behind. */
export type TestingConnectionOptions = Omit<RedisLockModuleOptions, 'connection'>;

/**
 * Stands in for Redis in tests: locks with the same leases, fences, waiting and errors, inside one process, that a test can look at and disturb.
 * Every module and every connection made of it is a process of its own as far as locks are concerned, so several can contend in one test.
 *
 * ```ts
 * const server = new TestingLockServer();
 * const moduleRef = await Test.createTestingModule({ imports: [server.module()], providers: [Inventory] }).compile();
 *
 * const rival = await server.connect();            // "another instance"
 * await rival.acquire('inventory:42');
 * await expect(moduleRef.get(Inventory).decrement('42')).rejects.toThrow(LockBusyError);
 * ```
 */
export class TestingLockServer {
  /** What the engines had to warn of: renewals that fail, handles that were dropped. */
  readonly warnings: string[] = [];
  private readonly clock: Clock;
  private readonly timers: Timers;
  private readonly outage = new Outage();
  /** Key prefixes separate locks here as they do on Redis. */
  private readonly servers = new Map<string, MemoryLockServer>();
  private readonly recordServers = new Map<string, MemoryRecordServer>();
  private readonly engines = new Set<LockEngine>();

  constructor({ clock }: TestingLockServerOptions = {}) {
    this.clock = clock ?? systemClock;
    this.timers = clock ?? new SystemTimers();
  }

  /** To import in place of `RedisLockModule.forRoot()`. `name` and `isGlobal` as there. */
  module({ name = DEFAULT_CONNECTION, isGlobal = true, ...options }: TestingConnectionOptions & RedisLockModuleExtras = {}): DynamicModule {
    return {
      module: TestingLockModule,
      global: isGlobal,
      providers: [
        { provide: REDIS_LOCK_OPTIONS, useValue: options },
        ...lockServiceProviders(name, (_name, given) => this.open(given)),
        ...(name === DEFAULT_CONNECTION ? idempotencyProviders((given) => this.makeIdempotency(given)) : []),
      ],
      exports: [getLockServiceToken(name), ...(name === DEFAULT_CONNECTION ? IDEMPOTENCY_EXPORTS : [])],
    };
  }

  /**
   * Puts this server in the place of Redis in an application that imports RedisLockModule itself; its own options stay, but for the connection.
   * `await server.replaceIn(Test.createTestingModule({ imports: [AppModule] })).compile()`
   * @param names of the connections to replace. Default: the one without a name
   */
  replaceIn<Builder extends OverridableBuilder<Builder>>(builder: Builder, ...names: string[]): Builder {
    const inject = [REDIS_LOCK_OPTIONS];
    return (names.length === 0 ? [DEFAULT_CONNECTION] : names).reduce((changed, name) => {
      const replaced = changed
        .overrideProvider(getLockEngineToken(name))
        .useFactory({ inject, factory: (options: RedisLockModuleOptions) => this.open(options) });
      if (name !== DEFAULT_CONNECTION) return replaced;
      return replaced
        .overrideProvider(IDEMPOTENCY_ENGINE)
        .useFactory({ inject, factory: (options: RedisLockModuleOptions) => this.makeIdempotency(options) });
    }, builder);
  }

  /** Another process that uses the same locks. {@link stop} ends it. @throws LockOptionsError, LockStoreError as at the start of an application */
  async connect(options: TestingConnectionOptions = {}): Promise<LockService> {
    return new LockService(await this.open(options));
  }

  /** Whether anybody holds the lock now. */
  isHeld(key: string): boolean {
    return this.held().some((lock) => lock.key === key);
  }

  /** All locks that are held now, one for each reader and each holder of a permit: `expect(server.held()).toEqual([])` after a test. */
  held(): HeldLock[] {
    return [...this.servers].flatMap(([keyPrefix, server]) =>
      [...server.keys()].flatMap((key) =>
        holders(server.inspect(key)).map(({ token, leaseLeftMs }) => {
          const hold = this.holdOf(token);
          return { key, keyPrefix, fence: hold?.fence, label: hold?.request.label, ttlMs: leaseLeftMs };
        }),
      ),
    );
  }

  /**
   * Ends a lease before its time, as if its holder had been paused for that long (each, where it is shared): the holder's signal aborts, and whoever waits gets the lock.
   * @throws Error when nobody holds it
   */
  expire(key: string): void {
    const lost = [...this.servers.values()].filter((server) => {
      const stored = server.inspect(key);
      const tokens = holders(stored).map(({ token }) => token);
      for (const token of tokens) {
        this.holdOf(token)?.lose('expired');
        if (stored.sharing === undefined) server.release(key, token, 0);
        else server.shareRelease(key, token, 0);
      }
      return tokens.length > 0;
    });
    if (lost.length > 0) return;
    const held = this.held().map((lock) => `'${lock.key}'`);
    throw new Error(`Nobody holds '${key}'. Held are: ${held.length === 0 ? 'none' : held.join(', ')}.`);
  }

  /** Forgets every lock, as a Redis that restarts without its data: holders learn it at their next renewal or release. */
  loseData(): void {
    for (const server of this.servers.values()) server.loseData();
  }

  /**
   * From now on nothing gets through: calls reject with LockStoreError, renewals fail, releases are tried again in the background.
   * @param options `silent`: commands fail after `commandTimeout` and not at once
   */
  goDown({ silent = false }: { silent?: boolean } = {}): void {
    this.outage.begin(silent ? 'silent' : 'refuses');
  }

  /** Ends {@link goDown}. Locks whose lease has not ended meanwhile are still there. */
  comeBack(): void {
    this.outage.end();
  }

  /** Ends every process made of this server, without waiting for what runs in it: callers in line are rejected. */
  async stop(): Promise<void> {
    await Promise.all([...this.engines].map((engine) => engine.close()));
    this.engines.clear();
  }

  private async open(options: TestingConnectionOptions): Promise<LockEngine> {
    const settings = redisLockSettings({ shutdownTimeout: 0, ...options, connection: 'memory' });
    const { clock, timers, outage } = this;
    const { commandTimeout } = settings;
    const store = new InterruptibleLockStore({
      store: new MemoryLockStore(this.serverFor(settings.keyPrefix), commandTimeout),
      outage,
      timers,
      commandTimeout,
    });
    const warn = (message: string): void => void this.warnings.push(message);
    const engine = new LockEngine({ store, clock, timers, log: { warn }, settings });
    await engine.open();
    this.engines.add(engine);
    return engine;
  }

  private makeIdempotency(options: RedisLockModuleOptions): IdempotencyEngine {
    const { keyPrefix, commandTimeout, shutdownTimeout } = redisLockSettings({ shutdownTimeout: 0, ...options, connection: 'memory' });
    const { clock, timers, outage } = this;
    let server = this.recordServers.get(keyPrefix);
    if (server === undefined) this.recordServers.set(keyPrefix, (server = new MemoryRecordServer(clock)));
    const store = new InterruptibleRecordStore({ store: new MemoryRecordStore(server, commandTimeout), outage, timers, commandTimeout });
    return new IdempotencyEngine({ store, clock, timers, log: { warn: (message) => void this.warnings.push(message) } }, shutdownTimeout);
  }

  private serverFor(keyPrefix: string): MemoryLockServer {
    let server = this.servers.get(keyPrefix);
    if (server === undefined) this.servers.set(keyPrefix, (server = new MemoryLockServer(this.clock)));
    return server;
  }

  private holdOf(token: string): ReturnType<LockEngine['keeper']['find']> {
    for (const engine of this.engines) {
      const hold = engine.keeper.find(token);
      if (hold !== undefined) return hold;
    }
    return undefined;
  }
}

/** Whoever holds a lock: its owner, or everybody who shares it. */
function holders({ owner, leaseLeftMs = 0, shares }: StoredLock): readonly StoredShare[] {
  return owner === undefined ? shares : [{ token: owner, leaseLeftMs }];
}
