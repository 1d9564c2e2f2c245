import { Logger, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { IdempotencyEngine } from './idempotency/idempotency-engine.js';
import { IdempotencyLifecycle } from './idempotency/idempotency.lifecycle.js';
import { IdempotencyService } from './idempotency/idempotency.service.js';
import { IDEMPOTENCY, type IdempotencyParts } from './idempotency/idempotency.tokens.js';
import { RoutePlans } from './idempotency/routes/route-plans.js';
import type { RedisLockModuleOptions } from './redis-lock.options.js';
import { redisLockSettings } from './redis-lock.settings.js';
import { REDIS_LOCK_OPTIONS } from './redis-lock.tokens.js';
import { systemClock, SystemTimers } from './runtime/system-clock.js';
import { MemoryRecordServer } from './store/memory/memory-record-server.js';
import { MemoryRecordStore } from './store/memory/memory-record.store.js';
import { clientFactory } from './store/redis/client-settings.js';
import { RedisRecordStore } from './store/redis/redis-record.store.js';

/** Makes the engine of a connection's idempotency; `nestjs-redis-lock/testing` has another. */
export type MakeIdempotency = (options: RedisLockModuleOptions) => IdempotencyEngine;

/** The token of the engine alone, which a test may replace. */
export const IDEMPOTENCY_ENGINE = 'IdempotencyEngine';

/** What the connection without a name has besides its locks. It connects when the first route or call needs it. */
export function idempotencyProviders(make: MakeIdempotency = makeEngine): Provider[] {
  return [
    { provide: IDEMPOTENCY_ENGINE, inject: [REDIS_LOCK_OPTIONS], useFactory: make },
    {
      provide: IDEMPOTENCY,
      inject: [IDEMPOTENCY_ENGINE, REDIS_LOCK_OPTIONS],
      useFactory: (engine: IdempotencyEngine, { idempotency }: RedisLockModuleOptions): IdempotencyParts => ({
        engine,
        plans: new RoutePlans(idempotency ?? {}),
        log: new Logger('Idempotency'),
      }),
    },
    {
      provide: 'IdempotencyLifecycle',
      inject: [IDEMPOTENCY, ModulesContainer],
      useFactory: (parts: IdempotencyParts, modules: ModulesContainer) => new IdempotencyLifecycle(parts, modules),
    },
    IdempotencyService,
  ];
}

/** What other modules may inject; the interceptor does, wherever it is listed. */
export const IDEMPOTENCY_EXPORTS = [IDEMPOTENCY, IdempotencyService];

function makeEngine(options: RedisLockModuleOptions): IdempotencyEngine {
  const settings = redisLockSettings(options);
  const log = new Logger('Idempotency');
  const timers = new SystemTimers();
  const clock = systemClock;
  const { connection } = options;
  const store =
    connection === 'memory'
      ? new MemoryRecordStore(new MemoryRecordServer(clock), settings.commandTimeout)
      : new RedisRecordStore({ ...settings, clients: clientFactory(connection), clock, timers, log });
  return new IdempotencyEngine({ store, clock, timers, log }, settings.shutdownTimeout);
}
