import type { INestApplication, ModuleMetadata, RequestMethod, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import { RedisLockModule, type IdempotencyOptions, type RedisLockModuleOptions } from 'nestjs-redis-lock';

/** The HTTP frameworks that Nest runs on. */
export const FRAMEWORKS = ['express', 'fastify'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** What an application under test is made of. */
export interface AppParts {
  readonly framework: Framework;
  readonly controllers: Type[];
  readonly idempotency?: IdempotencyOptions;
  readonly module?: Partial<RedisLockModuleOptions>;
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly providers?: NonNullable<ModuleMetadata['providers']>;
  /** Before it is initialised: middleware, global pipes and filters. */
  readonly prepare?: (app: INestApplication) => unknown;
}

let keys = 0;

/** A key that no other request has. */
export function newKey(): string {
  return `key-${String(process.pid)}-${String(++keys)}`;
}

/** The code of a problem document. */
export async function codeOf(response: Response): Promise<unknown> {
  const problem = (await response.json()) as { code?: unknown }; // JSON that any handler may have written
  return problem.code;
}

/** A Nest application on a real port, with records on the tests' Redis. */
export class HttpStage {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    readonly keyPrefix: string,
  ) {}

  static async open({ framework, controllers, idempotency, module, imports = [], providers = [], prepare }: AppParts): Promise<HttpStage> {
    // Jest gives each file its own copy of this module, and one process several files: nothing that is counted here is unique.
    const keyPrefix = `idem-${randomUUID()}:`;
    class AppModule {}
    Module({
      imports: [
        RedisLockModule.forRoot({
          connection: String(process.env['TEST_REDIS_URL']),
          keyPrefix,
          ...(idempotency === undefined ? {} : { idempotency }),
          ...module,
        }),
        ...imports,
      ],
      controllers,
      providers,
    })(AppModule);
    const options = { logger: false, abortOnError: false, forceCloseConnections: true } as const;
    const app =
      framework === 'express'
        ? await NestFactory.create(AppModule, options)
        : await NestFactory.create(AppModule, new FastifyAdapter(), options);
    try {
      await prepare?.(app);
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close();
      throw error;
    }
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo; // a TCP server's
    return new HttpStage(app, `http://127.0.0.1:${String(port)}`, module?.keyPrefix ?? keyPrefix);
  }

  /** Sends a request with a key; a body goes as JSON. */
  send(path: string, { key, body, headers, method = 'POST' }: Sending = {}): Promise<Response> {
    return fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** The application's one instance of a class. */
  get<T>(type: Type<T>): T {
    return this.app.get(type, { strict: false });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** What a request has besides its path. */
export interface Sending {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly method?: keyof typeof RequestMethod;
}
