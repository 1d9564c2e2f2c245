import { Logger, type Provider } from '@nestjs/common';
import { LockOptionsError } from './errors/lock-options.error.js';
import { LockEngine } from './lock/lock-engine.js';
import { LockService } from './lock/lock.service.js';
import { RedisLockLifecycle } from './redis-lock.lifecycle.js';
import type { RedisLockModuleOptions } from './redis-lock.options.js';
import { redisLockSettings, type RedisLockSettings } from './redis-lock.settings.js';
import { DEFAULT_CONNECTION, getLockEngineToken, getLockServiceToken, REDIS_LOCK_OPTIONS } from './redis-lock.tokens.js';
import type { Timers } from './runtime/clock.js';
import type { LockLog } from './runtime/lock-log.js';
import { systemClock, SystemTimers } from './runtime/system-clock.js';
import type { LockStore } from './store/lock-store.interface.js';
import { MemoryLockServer } from './store/memory/memory-lock-server.js';
import { MemoryLockStore } from './store/memory/memory-lock.store.js';
import { clientFactory } from './store/redis/client-settings.js';
import { RedisLockStore } from './store/redis/redis-lock.store.js';

/** Makes and opens the engine of a connection; `nestjs-redis-lock/testing` has another. */
export type OpenEngine = (name: string, options: RedisLockModuleOptions) => Promise<LockEngine>;

/** What one registered connection is made of: its engine, opened before anybody can inject it, its service and its lifecycle. */
export function lockServiceProviders(name: string, open: OpenEngine = openEngine): Provider[] {
  const engineToken = getLockEngineToken(name);
  return [
    { provide: engineToken, inject: [REDIS_LOCK_OPTIONS], useFactory: (options: RedisLockModuleOptions) => open(name, options) },
    { provide: getLockServiceToken(name), inject: [engineToken], useFactory: (engine: LockEngine) => new LockService(engine) },
    { provide: `RedisLockLifecycle(${name})`, inject: [engineToken], useFactory: (engine: LockEngine) => new RedisLockLifecycle(engine) },
  ];
}

async function openEngine(name: string, options: RedisLockModuleOptions): Promise<LockEngine> {
  const settings = redisLockSettings(options);
  if (name !== DEFAULT_CONNECTION && options.idempotency !== undefined) {
    throw new LockOptionsError(
      `idempotency: the connection '${name}' has none. Write it where the connection without a name is registered.`,
    );
  }
  const log = new Logger(`RedisLock(${name})`);
  const timers = new SystemTimers();
  const store = makeStore(options, settings, timers, log);
  const engine = new LockEngine({ store, clock: systemClock, timers, log, settings });
  await engine.open();
  log.log(`Locks on ${store.description}`);
  return engine;
}

function makeStore({ connection }: RedisLockModuleOptions, settings: RedisLockSettings, timers: Timers, log: LockLog): LockStore {
  if (connection === 'memory') return new MemoryLockStore(new MemoryLockServer(systemClock), settings.commandTimeout);
  return new RedisLockStore({ ...settings, clients: clientFactory(connection), clock: systemClock, timers, log });
}
