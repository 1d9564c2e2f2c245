import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigurableModuleClass, type OPTIONS_TYPE } from './redis-lock.module-definition.js';
import { checkIsGiven } from './redis-lock.settings.js';

/**
 * Registers a connection and its LockService: `RedisLockModule.forRoot({ connection: 'redis://localhost:6379' })`, or `forRootAsync`
 * with `useFactory`, `useClass` or `useExisting` (a class with `createRedisLockOptions()`). Give each further connection a `name`.
 *
 * The application does not start where the options are wrong (LockOptionsError) or the server cannot be reached within 10 s (LockStoreError).
 */
@Module({})
export class RedisLockModule extends ConfigurableModuleClass {
  /** Registers a connection with options that are known when the module is written. @throws LockOptionsError */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    checkIsGiven(options);
    return super.forRoot(options);
  }
}
