import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LockService, RedisLockModule, type RedisLockModuleOptions } from 'nestjs-redis-lock';

/** A Nest application with nothing in it but locks. */
export class Locks {
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly app: INestApplicationContext,
    readonly service: LockService,
  ) {}

  static async open(connection: string, options: Partial<RedisLockModuleOptions> = {}): Promise<Locks> {
    const app = await NestFactory.createApplicationContext(RedisLockModule.forRoot({ connection, shutdownTimeout: 100, ...options }), {
      logger: false,
      abortOnError: false,
    });
    return new Locks(app, app.get(LockService));
  }

  stop(): Promise<void> {
    return (this.closing ??= this.app.close());
  }
}
