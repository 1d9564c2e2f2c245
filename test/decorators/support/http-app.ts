import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LockService, RedisLockModule, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { moduleOf, redisLocks } from './test-app.js';

export type Platform = 'express' | 'fastify';

/** A Nest application that answers HTTP on a free loopback port. */
export class HttpApp {
  private constructor(
    readonly nest: INestApplication,
    readonly url: string,
  ) {}

  static async start(
    metadata: ModuleMetadata,
    options: { platform?: Platform; locks?: RedisLockModuleOptions; prepare?: (nest: INestApplication) => unknown } = {},
  ): Promise<HttpApp> {
    const { platform = 'express', locks = redisLocks(), prepare } = options;
    const root = moduleOf({ ...metadata, imports: [RedisLockModule.forRoot(locks), ...(metadata.imports ?? [])] });
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const nest = await NestFactory.create(root, adapter, { logger: false, abortOnError: false, forceCloseConnections: true });
    await prepare?.(nest);
    await nest.listen(0, '127.0.0.1');
    return new HttpApp(nest, (await nest.getUrl()).replace('[::1]', '127.0.0.1'));
  }

  get locks(): LockService {
    return this.nest.get(LockService, { strict: false });
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, { signal: AbortSignal.timeout(10_000), ...init });
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  async stop(): Promise<void> {
    await this.nest.close();
  }
}
