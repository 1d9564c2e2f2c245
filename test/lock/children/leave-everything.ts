// Leaves everything that a careless program may leave: it is to end by itself all the same, and to see no unhandled rejection.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LockService, RedisLockModule } from 'nestjs-redis-lock';

process.on('unhandledRejection', (reason) => {
  console.error(`unhandled: ${String(reason)}`);
  process.exit(1);
});
const app = await NestFactory.createApplicationContext(RedisLockModule.forRoot({ connection: 'memory' }), {
  logger: ['error'],
  abortOnError: false,
});
const locks = app.get(LockService);

const held = await locks.acquire('held', { ttl: '1h', label: 'never released' });
const short = await locks.acquire('short', { ttl: 50, renew: false });
short.signal.addEventListener('abort', () => console.log('told'));
await held.extend('30m');
// A rejection of its own is seen by whoever called, and by nobody else.
await locks.acquire('held', { wait: 20 }).catch((error: unknown) => console.log(String(error)));
await locks.acquire('held', { wait: { retries: 2, delay: 5 } }).catch(() => undefined);
await locks.acquire('held', { wait: '1h', signal: AbortSignal.timeout(10) }).catch(() => undefined);
await locks.withLock('lost', { ttl: 20, renew: false }, () => new Promise((resolve) => setTimeout(resolve, 40))).catch(() => undefined);
console.log('end of the program');
