import { Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './redis-lock.module-definition.js';

/**
 * Registers a connection and its LockService: `RedisLockModule.forRoot({ connection: 'redis://localhost:6379' })`, or `forRootAsync`
 * with `useFactory`, `useClass` or `useExisting` (a class with `createRedisLockOptions()`). Give each further connection a `name`.
 *
 * The application does not start where the options are wrong (LockOptionsError) or the server cannot be reached within 10 s (LockStoreError).
 */
@Module({})
export class RedisLockModule extends ConfigurableModuleClass {}
