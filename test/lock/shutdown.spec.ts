import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LockLostError, LockService, LockStoreError, type Lock } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

describe('an application that shuts down', () => {
  let clock: ManualClock;
  let server: TestingLockServer;
  let app: INestApplicationContext;
  let locks: LockService;
  let rival: LockService;

  beforeEach(async () => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
    app = await Test.createTestingModule({ imports: [server.module({ shutdownTimeout: '10s' })] }).compile();
    locks = app.get(LockService);
    rival = await server.connect();
  });
  afterEach(() => server.stop());

  /** Closes it and tells how long that took. */
  async function close(): Promise<number> {
    const since = clock.now().monotonic;
    await clock.run(app.close());
    return clock.now().monotonic - since;
  }

  it('takes no time where nothing is held', async () => {
    await locks.withLock('stock', () => undefined);
    expect(await close()).toBe(0);
  });

  it('rejects those in line at once, and those who poll', async () => {
    await rival.acquire('stock');
    const waiting = [
      locks.acquire('stock', { wait: '1h' }),
      locks.withLock('stock', { wait: '1h' }, () => 'ran'),
      locks.acquire('stock', { wait: { retries: 100, delay: '1m' } }),
    ];
    await clock.settle();
    const closing = app.close();
    for (const { status, reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toBeInstanceOf(LockStoreError);
      expect(String(reason)).toContain('shutting down');
    }
    await clock.run(closing);
    expect(server.held().map(({ key }) => key)).toEqual(['stock']);
  });

  it('turns new callers away from the moment it begins', async () => {
    const lock = await locks.acquire('held');
    const closing = app.close();
    await clock.settle();
    for (const call of [() => locks.acquire('stock'), () => locks.tryAcquire('stock'), () => locks.withLock('stock', () => 'ran')]) {
      await expect(call()).rejects.toThrow('shutting down');
    }
    await lock.release();
    await clock.run(closing);
    await expect(locks.acquire('stock')).rejects.toThrow(LockStoreError);
    expect(server.held()).toEqual([]);
  });

  it('waits for the sections that run, renews them meanwhile and lets them end', async () => {
    const section = locks.withLock('stock', { ttl: '3s' }, async (lock) => {
      await clock.sleep('8s');
      lock.assertHeld();
      return 'done';
    });
    await clock.settle();
    expect(await close()).toBe(8_000);
    expect(await section).toBe('done');
    expect(server.held()).toEqual([]);
  });

  it('waits for bare locks as well', async () => {
    const lock = await locks.acquire('stock', { ttl: '3s' });
    const released = clock.sleep('5s').then(() => lock.release());
    expect(await close()).toBe(5_000);
    expect(await released).toBe('released');
  });

  it('lets running sections take what they need to end', async () => {
    const section = locks.withLock('stock', async () => {
      await clock.sleep('2s');
      const again = await locks.withLock('stock', () => 'nested');
      const another = await locks.withLock('orders', { wait: '1s' }, async () => {
        await clock.sleep('1s');
        return 'another';
      });
      return [again, another];
    });
    await clock.settle();
    expect(await close()).toBe(3_000);
    expect(await section).toEqual(['nested', 'another']);
  });

  it('lets them wait in line for it', async () => {
    const held = await rival.acquire('orders');
    const section = locks.withLock('stock', () => locks.withLock('orders', { wait: '1m' }, () => 'got it'));
    await clock.settle();
    const closing = app.close();
    await clock.advance('4s');
    await held.release();
    expect(await clock.run(section)).toBe('got it');
    await clock.run(closing);
  });

  it('ends at shutdownTimeout: what still runs is told, is no longer renewed, and is not released under its feet', async () => {
    const seen: { lock?: Lock; reason?: unknown } = {};
    const section = locks.withLock('stock', { ttl: '30s' }, async (lock) => {
      seen.lock = lock;
      lock.signal.addEventListener('abort', () => {
        seen.reason = lock.signal.reason;
      });
      await clock.sleep('1m');
      return 'late';
    });
    const told = expect(section).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'shutdown', result: 'late' });
    await clock.settle();
    expect(await close()).toBe(10_000);
    expect(seen.reason).toBeInstanceOf(LockLostError);
    expect(seen.lock?.isHeld).toBe(false);
    expect(server.warnings.some((text) => text.includes("'stock' is still held at the end of shutdownTimeout"))).toBe(true);

    // Renewed while the application waited, and not after.
    const [{ ttlMs } = { ttlMs: 0 }] = server.held();
    expect(ttlMs).toBeGreaterThan(15_000);
    await clock.advance(ttlMs - 1);
    expect(server.isHeld('stock')).toBe(true);
    await clock.advance(1);
    expect(server.isHeld('stock')).toBe(false);
    await clock.advance('1m');
    await told;
  });

  it('waits for releases that have not got through', async () => {
    const lock = await locks.acquire('stock', { ttl: '1m' });
    server.goDown();
    await expect(clock.run(lock.release())).rejects.toThrow(LockStoreError);
    const closing = app.close();
    await clock.advance('3s');
    server.comeBack();
    await clock.run(closing);
    expect(clock.now().monotonic).toBeLessThan(6_000);
    expect(server.held()).toEqual([]);
  });

  it('takes nothing later with an attempt that was under way', async () => {
    server.goDown({ silent: true });
    const attempt = locks.acquire('stock', { wait: 0 });
    const rejected = expect(attempt).rejects.toThrow(LockStoreError);
    await clock.settle();
    const closing = app.close();
    server.comeBack();
    await clock.run(closing);
    await rejected;
    expect(server.held()).toEqual([]);
  });

  it('may be closed twice, and leaves no timer behind', async () => {
    await locks.withLock('stock', { ttl: '30s', label: 'x' }, () => undefined);
    await close();
    await app.close();
    await rival.withLock('stock', () => undefined);
    await server.stop();
    await clock.advance('1h');
    expect(clock.pending).toBe(0);
  });

  it('leaves other connections of the same process alone', async () => {
    await close();
    expect(await rival.withLock('stock', () => 'ran')).toBe('ran');
  });
});
