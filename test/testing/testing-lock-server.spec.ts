import { LockBusyError, LockLostError, LockOptionsError, LockStoreError, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

describe('TestingLockServer', () => {
  let clock: ManualClock;
  let server: TestingLockServer;
  let locks: LockService;

  beforeEach(async () => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
    locks = await server.connect();
  });

  afterEach(() => server.stop());

  it('makes processes that exclude each other', async () => {
    const rival = await server.connect();
    const lock = await locks.acquire('stock');
    expect(await rival.tryAcquire('stock')).toBeNull();
    const waiting = rival.acquire('stock', { wait: '1m' });
    await clock.advance('30s');
    await lock.release();
    expect((await clock.run(waiting)).fence).toBeGreaterThan(lock.fence);
  });

  it('drives waits in the time of its clock', async () => {
    const rival = await server.connect();
    await rival.acquire('stock');
    const waiting = locks.acquire('stock', { wait: '5s' });
    const seen = { settled: false };
    waiting.catch(() => (seen.settled = true));
    await clock.advance(4_999);
    expect(seen.settled).toBe(false);
    await clock.advance(1);
    await expect(waiting).rejects.toThrow(LockBusyError);
  });

  it('drives renewals, and ends the leases that are not renewed', async () => {
    const renewed = await locks.acquire('renewed', { ttl: '10s' });
    const once = await locks.acquire('once', { ttl: '10s', renew: false });
    await clock.advance('9s');
    expect([renewed.isHeld, once.isHeld]).toEqual([true, true]);
    await clock.advance('1h');
    expect([renewed.isHeld, once.isHeld]).toEqual([true, false]);
    expect(server.held().map(({ key }) => key)).toEqual(['renewed']);
  });

  it('shows what is held, by whom it may be', async () => {
    const rival = await server.connect();
    expect(server.held()).toEqual([]);
    const mine = await locks.acquire('a', { label: 'mine', ttl: '20s' });
    const theirs = await rival.acquire('b', { ttl: '10s' });
    expect(server.isHeld('a')).toBe(true);
    expect(server.isHeld('c')).toBe(false);
    expect(server.held()).toEqual([
      { key: 'a', keyPrefix: 'lock:', fence: mine.fence, label: 'mine', ttlMs: 20_000 },
      { key: 'b', keyPrefix: 'lock:', fence: theirs.fence, label: undefined, ttlMs: 10_000 },
    ]);
    await mine.release();
    expect(server.held().map(({ key }) => key)).toEqual(['b']);
  });

  it('keeps key prefixes apart', async () => {
    const others = await server.connect({ keyPrefix: 'other:' });
    await locks.acquire('stock');
    expect(await others.tryAcquire('stock')).not.toBeNull();
    expect(server.held().map(({ key, keyPrefix }) => keyPrefix + key)).toEqual(['lock:stock', 'other:stock']);
  });

  it('takes the options of the module, and checks them as it does', async () => {
    const impatient = await server.connect({ wait: 0, ttl: '3s' });
    const lock = await impatient.acquire('stock', { renew: false });
    await expect(impatient.acquire('stock')).rejects.toThrow(LockBusyError);
    await clock.advance('3s');
    expect(lock.isHeld).toBe(false);
    await expect(server.connect({ ttl: -1 })).rejects.toThrow(LockOptionsError);
  });

  describe('expire()', () => {
    it('tells the holder at once, and frees the lock', async () => {
      const rival = await server.connect();
      const outcome = locks.withLock('stock', async ({ signal }) => {
        server.expire('stock');
        expect(signal.aborted).toBe(true);
        expect(await rival.tryAcquire('stock')).not.toBeNull();
        return 'sold';
      });
      await expect(outcome).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'expired', result: 'sold' });
      expect(server.isHeld('stock')).toBe(true);
    });

    it('lets whoever waits have the lock', async () => {
      const rival = await server.connect();
      const lock = await locks.acquire('stock', { ttl: '1m' });
      const waiting = rival.acquire('stock', { wait: '1s' });
      await clock.settle();
      server.expire('stock');
      expect((await clock.run(waiting)).fence).toBeGreaterThan(lock.fence);
      expect(await lock.release()).toBe('lost');
    });

    it('says what is held when the key is not', async () => {
      expect(() => server.expire('stock')).toThrow("Nobody holds 'stock'. Held are: none.");
      await locks.acquire('orders');
      expect(() => server.expire('stock')).toThrow("Held are: 'orders'.");
    });
  });

  it('loses its data when told: holders learn it at their next renewal, and fences go on rising', async () => {
    const lock = await locks.acquire('stock', { ttl: '30s' });
    server.loseData();
    expect(server.held()).toEqual([]);
    expect(lock.isHeld).toBe(true);
    const next = await (await server.connect()).acquire('stock');
    expect(next.fence).toBeGreaterThan(lock.fence);
    await clock.advance('10s');
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    expect(next.isHeld).toBe(true);
  });

  describe('goDown()', () => {
    it('makes calls reject at once, until it comes back', async () => {
      const lock = await locks.acquire('stock');
      server.goDown();
      const calls = [locks.tryAcquire('orders'), locks.isLocked('stock'), locks.forceRelease('stock'), lock.extend('1m'), server.connect()];
      for (const call of calls) await expect(call).rejects.toThrow(LockStoreError);
      await expect(async () => {
        for await (const _ of locks.list());
      }).rejects.toThrow(LockStoreError);
      expect(clock.now().monotonic).toBe(0);
      server.comeBack();
      expect(await locks.tryAcquire('orders')).not.toBeNull();
      expect(lock.isHeld).toBe(true);
    });

    it('makes calls time out where it is silent', async () => {
      server.goDown({ silent: true });
      await expect(clock.run(locks.tryAcquire('stock'))).rejects.toThrow(LockStoreError);
      expect(clock.now().monotonic).toBe(1_000);
    });

    it('lets leases run out that cannot be renewed, and warns of it', async () => {
      const lock = await locks.acquire('stock', { ttl: '9s' });
      server.goDown();
      await clock.advance('9s');
      expect(lock.isHeld).toBe(false);
      expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
      expect(server.warnings.some((warning) => warning.includes("Renewing the lock 'stock' failed"))).toBe(true);
      expect(server.held()).toEqual([]);
    });

    it('lets callers wait who are willing to', async () => {
      server.goDown();
      const waiting = locks.acquire('stock', { wait: '10s' });
      await clock.advance('5s');
      server.comeBack();
      expect((await clock.run(waiting)).isHeld).toBe(true);
      expect(clock.now().monotonic).toBeLessThan(6_000);
    });

    it('keeps locks whose release did not get through until it does', async () => {
      const lock = await locks.acquire('stock');
      server.goDown();
      await expect(clock.run(lock.release())).rejects.toThrow(LockStoreError);
      server.comeBack();
      expect(server.isHeld('stock')).toBe(true);
      await clock.advance('1s');
      expect(server.isHeld('stock')).toBe(false);
    });
  });

  it('lets a machine sleep: the wall clock ends what the monotonic one would not', async () => {
    const lock = await locks.acquire('stock', { ttl: '30s' });
    clock.suspend('1h');
    expect(() => lock.assertHeld()).toThrow(LockLostError);
  });

  it('ends with its callers told', async () => {
    await locks.acquire('stock');
    const waiting = (await server.connect()).acquire('stock', { wait: '1h' });
    await clock.settle();
    await server.stop();
    await expect(waiting).rejects.toThrow(LockStoreError);
  });

  it('runs on the time of the machine where it is given no clock', async () => {
    const real = new TestingLockServer();
    const service = await real.connect();
    const lock = await service.acquire('stock', { ttl: 30, renew: false });
    await expect(service.acquire('stock', { wait: '10s' })).resolves.toMatchObject({ isHeld: true });
    expect(lock.isHeld).toBe(false);
    await real.stop();
  });
});
