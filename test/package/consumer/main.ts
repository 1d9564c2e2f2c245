// A user's application: compiled and run against the packed library, once as ES modules and once as CommonJS.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Lock, Locked, LockBusyError, LockService, RedisLockModule } from 'nestjs-redis-lock';
import * as testing from 'nestjs-redis-lock/testing';

@Injectable()
class Inventory {
  constructor(private readonly locks: LockService) {}

  @Locked('inventory:{productId}', '10s')
  async decrement(productId: string): Promise<{ held: boolean; isLocked: boolean }> {
    const lock: Lock | undefined = this.locks.current();
    return { held: lock?.isHeld ?? false, isLocked: await this.locks.isLocked(`inventory:${productId}`) };
  }
}

@Module({
  imports: [RedisLockModule.forRoot({ connection: process.env['TEST_REDIS_URL'] ?? 'memory', keyPrefix: `package-${process.pid}:` })],
  providers: [Inventory],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const locks = app.get(LockService);

  const lock = await locks.acquire('orders', { ttl: '5s', label: 'consumer' });
  const busy = await locks.acquire('orders', { wait: 0 }).catch((error: unknown) => error);
  const seen = {
    fence: lock.fence,
    busy: busy instanceof LockBusyError && busy.code,
    released: await lock.release(),
    decorated: await app.get(Inventory).decrement('42'),
    testing: Object.keys(testing).length > 0,
  };
  // @ts-expect-error No such unit. Were the library's types lost on the way, this would compile.
  await locks.tryAcquire('orders', { ttl: '5 sec' }).catch(() => undefined);
  await app.close();
  console.log(JSON.stringify(seen));
}

void main();
