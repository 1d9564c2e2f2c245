import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import { getLockServiceToken, InjectLockService, LockBusyError, Locked, LockService, RedisLockModule } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

@Injectable()
class Inventory {
  seen: unknown;

  constructor(private readonly locks: LockService) {}

  @Locked('inventory:{productId}', { ttl: '10s', wait: '2s' })
  async decrement(productId: string): Promise<string> {
    this.seen = this.locks.current()?.key;
    return `sold ${productId}`;
  }

  @Locked('nightly', { connection: 'jobs', wait: 0, onBusy: 'skip' })
  async nightly(): Promise<string | undefined> {
    return 'done';
  }
}

@Injectable()
class Reports {
  constructor(@InjectLockService('jobs') readonly locks: LockService) {}
}

/** As an application has it. Nothing listens on that port. */
@Module({
  imports: [
    RedisLockModule.forRoot({ connection: 'redis://127.0.0.1:1', wait: '3s' }),
    RedisLockModule.forRootAsync({
      name: 'jobs',
      useFactory: () => ({ connection: 'redis://127.0.0.1:1', keyPrefix: 'jobs:', ttl: '1m' }),
    }),
  ],
  providers: [Inventory, Reports],
})
class AppModule {}

describe('in a Nest testing module', () => {
  let clock: ManualClock;
  let server: TestingLockServer;

  beforeEach(() => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
  });

  it('stands in for the module, under each name', async () => {
    const app = await Test.createTestingModule({
      imports: [server.module(), server.module({ name: 'jobs', keyPrefix: 'jobs:' })],
      providers: [Inventory, Reports],
    }).compile();
    const rival = await server.connect();

    expect(await app.get(Inventory).decrement('42')).toBe('sold 42');
    expect(app.get(Inventory).seen).toBe('inventory:42');
    await rival.acquire('inventory:42');
    await expect(clock.run(app.get(Inventory).decrement('42'))).rejects.toThrow(LockBusyError);
    expect(clock.now().monotonic).toBe(2_000);

    expect(await app.get(Inventory).nightly()).toBe('done');
    await app.get(Reports).locks.acquire('nightly');
    expect(await app.get(Inventory).nightly()).toBeUndefined();
    expect(server.held().map(({ key, keyPrefix }) => keyPrefix + key)).toEqual(['lock:inventory:42', 'jobs:nightly']);
    await app.close();
  });

  it('is global or not, as the module is', async () => {
    @Module({ providers: [Inventory] })
    class Feature {}

    await expect(
      Test.createTestingModule({ imports: [server.module({ isGlobal: false }), server.module({ name: 'jobs' }), Feature] })
        .setLogger(false as never) // takes a logger, and false for none
        .compile(),
    ).rejects.toThrow('LockService');
    const app = await Test.createTestingModule({ imports: [server.module(), server.module({ name: 'jobs' }), Feature] }).compile();
    expect(app.get(Inventory)).toBeDefined();
    await app.close();
  });

  it('takes the place of Redis in an application that has the module already, and leaves its options', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const app = await server.replaceIn(builder, 'default', 'jobs').compile();
    const rival = await server.connect();
    const service = app.get(LockService);

    await rival.acquire('stock');
    await expect(clock.run(service.acquire('stock'))).rejects.toThrow(LockBusyError);
    expect(clock.now().monotonic).toBe(3_000);

    await app.get<LockService>(getLockServiceToken('jobs'), { strict: false }).acquire('report');
    expect(server.held()).toContainEqual(expect.objectContaining({ key: 'report', keyPrefix: 'jobs:', ttlMs: 60_000 }));
    await app.close();
  });

  it('lets two applications contend', async () => {
    const make = () => Test.createTestingModule({ imports: [server.module()] }).compile();
    const [one, other] = await Promise.all([make(), make()]);
    const lock = await one.get(LockService).acquire('stock', { ttl: '30s' });
    expect(await other.get(LockService).tryAcquire('stock')).toBeNull();
    const waiting = other.get(LockService).acquire('stock', { wait: '10s' });
    await clock.settle();
    await lock.release();
    expect((await clock.run(waiting)).isHeld).toBe(true);
    await Promise.all([clock.run(one.close()), clock.run(other.close())]);
  });

  it('ends with the application: what it held is told after shutdownTimeout', async () => {
    const app = await Test.createTestingModule({ imports: [server.module({ shutdownTimeout: '10s' })] }).compile();
    const lock = await app.get(LockService).acquire('stock');
    await clock.run(app.close());
    expect(clock.now().monotonic).toBe(10_000);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'shutdown' });
  });
});

describe("with Jest's own fake timers", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('they drive a server that was given no clock', async () => {
    const server = new TestingLockServer();
    const locks = await server.connect();
    const lock = await locks.acquire('stock', { ttl: '10s' });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(lock.isHeld).toBe(true);
    const waiting = expect(locks.acquire('stock', { wait: '5s' })).rejects.toThrow(LockBusyError);
    await jest.advanceTimersByTimeAsync(5_000);
    await waiting;
    await server.stop();
  });
});
