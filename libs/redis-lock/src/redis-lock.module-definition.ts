import { ConfigurableModuleBuilder } from '@nestjs/common';
import { LockOptionsError } from './errors/lock-options.error.js';
import { IDEMPOTENCY_EXPORTS, idempotencyProviders } from './idempotency.providers.js';
import type { RedisLockModuleExtras, RedisLockModuleOptions } from './redis-lock.options.js';
import { lockServiceProviders } from './redis-lock.providers.js';
import { DEFAULT_CONNECTION, getLockServiceToken, REDIS_LOCK_OPTIONS } from './redis-lock.tokens.js';

/** `forRoot` and `forRootAsync`, with `name` and `isGlobal` static in both. */
export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } = new ConfigurableModuleBuilder<RedisLockModuleOptions>({
  optionsInjectionToken: REDIS_LOCK_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRedisLockOptions')
  .setExtras<RedisLockModuleExtras>(
    { name: DEFAULT_CONNECTION, isGlobal: true },
    (definition, { name = DEFAULT_CONNECTION, isGlobal = true }) => ({
      ...definition,
      global: isGlobal,
      providers: [
        ...(definition.providers ?? []),
        ...lockServiceProviders(checkName(name)),
        ...(name === DEFAULT_CONNECTION ? idempotencyProviders() : []),
      ],
      exports: [getLockServiceToken(name), ...(name === DEFAULT_CONNECTION ? IDEMPOTENCY_EXPORTS : [])],
    }),
  )
  .build();

function checkName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new LockOptionsError("name: write text, for instance 'jobs', or leave it out for the default connection.");
}
