import type { RedisLockModuleOptions } from 'nestjs-redis-lock';
import { redisLocks } from './test-app.js';

/** What a decorator must do the same on: for `describe.each`. */
export const STORES: readonly (readonly [name: string, locks: () => RedisLockModuleOptions])[] = [
  ['the memory store', () => ({ connection: 'memory', shutdownTimeout: 100 })],
  ['Redis', () => redisLocks()],
];
