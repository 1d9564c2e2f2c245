import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { LockService } from 'nestjs-redis-lock';
import type { Environment } from '../config/environment.js';

/** Whether locks can be had, and whether the store behind them answers. */
@Injectable()
export class LocksHealthIndicator {
  constructor(
    private readonly health: HealthIndicatorService,
    private readonly locks: LockService,
    private readonly config: ConfigService<Environment, true>,
  ) {}

  /** Reads from the store. Where Redis refuses writes, this is up and {@link acquire} is down. */
  async store(key: string): Promise<HealthIndicatorResult> {
    const store = this.config.get('REDIS_URL', { infer: true }) === null ? 'memory' : 'redis';
    return this.probe(key, () => this.locks.isLocked('health'), { store });
  }

  /** Takes a lock that nobody else wants, and gives it back. */
  async acquire(key: string): Promise<HealthIndicatorResult> {
    return this.probe(key, () => this.locks.withLock(`health:${randomUUID()}`, { ttl: '2s', wait: 0 }, () => undefined));
  }

  private async probe(key: string, ask: () => Promise<unknown>, details: { store?: string } = {}): Promise<HealthIndicatorResult> {
    const indicator = this.health.check(key);
    try {
      await ask();
      return indicator.up(details);
    } catch (error) {
      return indicator.down({ ...details, message: error instanceof Error ? error.message : String(error) });
    }
  }
}
