import { randomBytes } from 'node:crypto';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  getLockServiceToken,
  InjectLockService,
  LockBusyError,
  LockOptionsError,
  LockService,
  LockStoreError,
  RedisLockModule,
  type RedisLockModuleOptions,
} from 'nestjs-redis-lock';
import { until } from '../faults/support/until.js';

const url = process.env['TEST_REDIS_URL'] ?? '';
let prefix: string;
const apps: TestingModule[] = [];

beforeEach(() => (prefix = `module-${randomBytes(6).toString('hex')}:`));
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

@Injectable()
class Stock {
  constructor(readonly locks: LockService) {}
}

@Module({ providers: [Stock], exports: [Stock] })
class StockModule {}

@Injectable()
class Jobs {
  constructor(
    @InjectLockService('jobs') readonly jobs: LockService,
    @InjectLockService() readonly locks: LockService,
  ) {}
}

@Injectable()
class Settings {
  readonly connection = url;
  readonly wait = '50ms';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

async function compile(...imports: (DynamicModule | typeof StockModule)[]): Promise<TestingModule> {
  const app = await Test.createTestingModule({ imports, providers: [] }).compile();
  apps.push(app);
  return app;
}

function options(more: Partial<RedisLockModuleOptions> = {}): RedisLockModuleOptions {
  return { connection: url, keyPrefix: prefix, wait: 0, shutdownTimeout: 100, ...more };
}

/** Whether two services see the same locks. */
async function shareLocks(one: LockService, other: LockService): Promise<boolean> {
  const lock = await one.acquire('probe');
  const found = await other.tryAcquire('probe');
  await found?.release();
  await lock.release();
  return found === null;
}

describe('forRoot', () => {
  it('provides one LockService everywhere', async () => {
    const app = await compile(RedisLockModule.forRoot(options()), StockModule);
    expect(app.get(Stock).locks).toBe(app.get(LockService));
    expect(await app.get(Stock).locks.withLock('stock', () => 'ran')).toBe('ran');
  });

  it('provides it only to those who import it with isGlobal: false', async () => {
    const local = RedisLockModule.forRoot({ ...options({ connection: 'memory' }), isGlobal: false });
    await expect(compile(local, StockModule)).rejects.toThrow('LockService');
    @Module({ imports: [local], providers: [Stock] })
    class Feature {}
    const app = await compile({ module: Feature });
    expect(app.get(Stock).locks).toBeInstanceOf(LockService);
  });

  it("works without Redis with connection: 'memory', each application for itself", async () => {
    const [one, other] = [
      await compile(RedisLockModule.forRoot({ connection: 'memory' })),
      await compile(RedisLockModule.forRoot({ connection: 'memory' })),
    ];
    expect(await shareLocks(one.get(LockService), one.get(LockService))).toBe(true);
    expect(await shareLocks(one.get(LockService), other.get(LockService))).toBe(false);
  });

  it('two applications on one Redis and prefix share their locks', async () => {
    const [one, other] = [await compile(RedisLockModule.forRoot(options())), await compile(RedisLockModule.forRoot(options()))];
    expect(await shareLocks(one.get(LockService), other.get(LockService))).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'RedisLockModule needs a connection'],
    ['no connection', {}, 'RedisLockModule needs a connection'],
    ['a text', 'redis://localhost', 'RedisLockModule needs a connection'],
    ['an unknown option', { connection: 'memory', connectoin: '' }, "Unknown option 'connectoin'"],
    ['a name that is no text', { connection: 'memory', name: 42 }, 'name'],
    ['an empty name', { connection: 'memory', name: '' }, 'name'],
  ])('with %s the application does not start', async (_what, given, message) => {
    const start = async (): Promise<unknown> => compile(RedisLockModule.forRoot(given as RedisLockModuleOptions)); // what an untyped caller may pass
    await expect(start()).rejects.toThrow(LockOptionsError);
    await expect(start()).rejects.toThrow(message);
  });
});

describe('forRootAsync', () => {
  it('takes useFactory, with what it injects', async () => {
    const app = await compile(
      RedisLockModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ connection }: Settings) => options({ connection }),
      }),
      StockModule,
    );
    expect(await app.get(Stock).locks.withLock('stock', () => 'ran')).toBe('ran');
  });

  it('takes useClass and useExisting, with createRedisLockOptions()', async () => {
    @Injectable()
    class OptionsFactory {
      createRedisLockOptions(): RedisLockModuleOptions {
        return options({ keyPrefix: prefix });
      }
    }
    @Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
    class FactoryModule {}

    const byClass = await compile(RedisLockModule.forRootAsync({ useClass: OptionsFactory }));
    const existing = await compile(RedisLockModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory }));
    expect(await shareLocks(byClass.get(LockService), existing.get(LockService))).toBe(true);
  });

  it('passes on what the factory throws, and refuses what is wrong in what it returns', async () => {
    const error = new Error('no configuration');
    await expect(compile(RedisLockModule.forRootAsync({ useFactory: () => Promise.reject(error) }))).rejects.toBe(error);
    await expect(compile(RedisLockModule.forRootAsync({ useFactory: () => options({ ttl: -1 }) }))).rejects.toThrow(LockOptionsError);
    await expect(compile(RedisLockModule.forRootAsync({ useFactory: () => undefined as never }))).rejects.toThrow(LockOptionsError);
  });

  it('knows name and isGlobal before the options are there', async () => {
    const app = await compile(
      RedisLockModule.forRootAsync({ name: 'jobs', useFactory: () => options({ keyPrefix: `${prefix}jobs:` }) }),
      RedisLockModule.forRoot(options()),
    );
    expect(app.get(getLockServiceToken('jobs'), { strict: false })).toBeInstanceOf(LockService);
    const local = RedisLockModule.forRootAsync({ isGlobal: false, useFactory: () => options({ connection: 'memory' }) });
    await expect(compile(local, StockModule)).rejects.toThrow('LockService');
  });
});

describe('several connections', () => {
  it('are injected by their names, each with its own options', async () => {
    @Module({ providers: [Jobs], exports: [Jobs] })
    class JobsModule {}
    const app = await compile(
      RedisLockModule.forRoot(options()),
      RedisLockModule.forRoot({ ...options({ keyPrefix: `${prefix}jobs:`, ttl: '5s' }), name: 'jobs' }),
      RedisLockModule.forRootAsync({ name: 'memory', useFactory: () => options({ connection: 'memory' }) }),
      { module: JobsModule },
    );
    const { jobs, locks } = app.get(Jobs);
    expect(locks).toBe(app.get(LockService));
    expect(jobs).toBe(app.get(getLockServiceToken('jobs'), { strict: false }));
    expect(jobs).not.toBe(locks);
    expect(await shareLocks(jobs, locks)).toBe(false);
    expect((await jobs.acquire('stock')).expiresInMs).toBeLessThanOrEqual(5_000);
    expect((await locks.acquire('stock')).expiresInMs).toBeGreaterThan(20_000);
    const memory = app.get<LockService>(getLockServiceToken('memory'), { strict: false });
    expect(await memory.tryAcquire('stock')).not.toBeNull();
  });

  it('that name a connection nobody registered fail at boot, and say its name', async () => {
    @Module({ providers: [Jobs] })
    class JobsModule {}
    await expect(compile(RedisLockModule.forRoot({ connection: 'memory' }), { module: JobsModule })).rejects.toThrow('LockService(jobs)');
  });

  it('have tokens that are stable', () => {
    expect(getLockServiceToken()).toBe(LockService);
    expect(getLockServiceToken('default')).toBe(LockService);
    expect(getLockServiceToken('jobs')).toBe(getLockServiceToken('jobs'));
    expect(getLockServiceToken('jobs')).not.toBe(getLockServiceToken('other'));
  });
});

describe('the life of an application', () => {
  it('connects before anybody can inject it, and closes every connection with the application', async () => {
    const name = `life-${prefix}`;
    const observer = new Redis(url);
    const connections = async (): Promise<number> => String(await observer.client('LIST')).split(`name=${name}`).length - 1;
    const app = await compile(RedisLockModule.forRoot(options({ connection: { ...addressOf(url), connectionName: name } })));
    await app.init();
    expect(await connections()).toBeGreaterThan(0);
    await app.get(LockService).withLock('stock', () => undefined);
    await app.close();
    await until('all are closed', 2_000, async () => (await connections()) === 0);
    await expect(app.get(LockService).acquire('stock')).rejects.toThrow(LockStoreError);
    observer.disconnect();
  });

  it('answers requests until the connections close: sections that run at shutdown end', async () => {
    const app = await compile(RedisLockModule.forRoot(options({ shutdownTimeout: '5s' })));
    await app.init();
    let finish = (): void => undefined;
    const locks = app.get(LockService);
    const section = locks.withLock('stock', () => new Promise<string>((resolve) => (finish = () => resolve('done'))));
    await until('it runs', 2_000, () => locks.isLocked('stock'));
    const closing = app.close();
    await expect(locks.acquire('other')).rejects.toThrow('shutting down');
    finish();
    expect(await section).toBe('done');
    await closing;
  });

  it('a busy lock is a busy lock, also for the second of two in one application', async () => {
    const app = await compile(RedisLockModule.forRoot(options()), StockModule);
    const { locks } = app.get(Stock);
    await locks.acquire('stock');
    await expect(locks.acquire('stock')).rejects.toThrow(LockBusyError);
  });
});

function addressOf(text: string): { host: string; port: number } {
  const { hostname, port } = new URL(text);
  return { host: hostname, port: Number(port) };
}
