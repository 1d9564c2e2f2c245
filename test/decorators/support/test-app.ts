import { randomUUID } from 'node:crypto';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LockService, RedisLockModule, type Lock, type RedisLockModuleOptions } from 'nestjs-redis-lock';

/** The shared Redis, and names in it that no other test uses. */
export function redisLocks(options: Partial<RedisLockModuleOptions> = {}): RedisLockModuleOptions {
  const connection = process.env['TEST_REDIS_URL'];
  if (connection === undefined) throw new Error('TEST_REDIS_URL is not set; run the tests with `npm test`.');
  return { connection, keyPrefix: `test:${randomUUID()}:`, shutdownTimeout: 100, ...options };
}

/** A module made of what one test needs. */
export function moduleOf(metadata: ModuleMetadata): { module: new () => object } & ModuleMetadata {
  return { module: class TestModule {}, ...metadata };
}

/** A Nest application without HTTP, with locks on the shared Redis. */
export class TestApp {
  private constructor(readonly context: INestApplicationContext) {}

  static async start(metadata: ModuleMetadata, locks: RedisLockModuleOptions = redisLocks()): Promise<TestApp> {
    return TestApp.startWithout({ ...metadata, imports: [RedisLockModule.forRoot(locks), ...(metadata.imports ?? [])] });
  }

  /** Without RedisLockModule, unless it is among the imports. */
  static async startWithout(metadata: ModuleMetadata): Promise<TestApp> {
    const context = await NestFactory.createApplicationContext(moduleOf(metadata), { logger: false, abortOnError: false });
    return new TestApp(context);
  }

  get locks(): LockService {
    return this.context.get(LockService, { strict: false });
  }

  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.context.get<T>(type, { strict: false });
  }

  async stop(): Promise<void> {
    await this.context.close();
  }
}

/** A service whose methods tell which lock they run under. */
@Injectable()
export class Watched {
  @Inject(LockService) protected readonly locks!: LockService;

  protected lock(): Lock {
    const lock = this.locks.current();
    if (lock === undefined) throw new Error('The method runs without its lock.');
    return lock;
  }

  protected key(): string | string[] {
    return this.lock().key;
  }
}

/** A promise and the function that fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open?.() };
}
