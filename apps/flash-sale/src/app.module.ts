import { Module, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { LockExceptionFilter, RedisLockModule } from 'nestjs-redis-lock';
import { buyerOf } from './buyers/buyer-request.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { CheckoutModule } from './checkout/checkout.module.js';
import { validateEnvironment, type Environment } from './config/environment.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { InvalidRequestException } from './problems/invalid-request.exception.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { ProductsModule } from './products/products.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { SeckillModule } from './seckill/seckill.module.js';
import { StatsModule } from './stats/stats.module.js';

/** The flash sale. */
@Module({})
export class AppModule {
  /** Reads the configuration. @throws ConfigurationError */
  static async forRoot(): Promise<DynamicModule> {
    return {
      module: AppModule,
      imports: [
        await ConfigModule.forRoot({ isGlobal: true, validate: validateEnvironment }),
        RedisLockModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService<Environment, true>) => {
            const redis = config.get('REDIS_URL', { infer: true });
            return {
              connection: redis ?? 'memory',
              keyPrefix: config.get('LOCK_KEY_PREFIX', { infer: true }),
              idempotency: { scope: buyerOf, lease: config.get('IDEMPOTENCY_LEASE_MS', { infer: true }) },
            };
          },
        }),
        ScheduleModule.forRoot(),
        DatabaseModule,
        ProductsModule,
        InventoryModule,
        OrdersModule,
        SeckillModule,
        CatalogModule,
        CheckoutModule,
        ReportsModule,
        StatsModule,
        HealthModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_FILTER, useClass: LockExceptionFilter },
        {
          provide: APP_PIPE,
          useFactory: () =>
            new ValidationPipe({
              whitelist: true,
              transform: true,
              stopAtFirstError: true,
              exceptionFactory: (errors) => new InvalidRequestException(errors),
            }),
        },
      ],
    };
  }
}
