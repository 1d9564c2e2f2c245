import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { LockEngine } from './lock/lock-engine.js';

/** Ends one connection's locks with the application. Nest still answers requests while `beforeApplicationShutdown` runs, so the connections close later. */
export class RedisLockLifecycle implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly engine: LockEngine) {}

  beforeApplicationShutdown(): Promise<void> {
    return this.engine.drain();
  }

  onApplicationShutdown(): Promise<void> {
    return this.engine.close();
  }
}
