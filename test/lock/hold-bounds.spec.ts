import { LockStoreError, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';
import { describeOnBothStores } from './support/lock-stage.js';

describe('bounds of a hold, in virtual time', () => {
  let clock: ManualClock;
  let server: TestingLockServer;
  let locks: LockService;
  let rival: LockService;

  beforeEach(async () => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
    locks = await server.connect();
    rival = await server.connect();
  });
  afterEach(() => server.stop());

  /** What is left of a lease on the server, in ms; 0 where it is free. */
  function left(key = 'stock'): number {
    return server.held().find((lock) => lock.key === key)?.ttlMs ?? 0;
  }

  describe('maxHold', () => {
    it('ends the hold whatever it is renewed to, with its own reason', async () => {
      const lock = await locks.acquire('stock', { ttl: '10s', maxHold: '1m' });
      await clock.advance(59_000);
      expect(lock.isHeld).toBe(true);
      expect(lock.expiresInMs).toBeLessThanOrEqual(1_000);
      await clock.advance(1_000);
      expect(lock.isHeld).toBe(false);
      expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'max-hold' });
      expect(left()).toBeLessThanOrEqual(100);
      await clock.advance(100);
      expect(await rival.tryAcquire('stock')).not.toBeNull();
    });

    it('bounds an extension too', async () => {
      const lock = await locks.acquire('stock', { ttl: '10s', maxHold: '1m' });
      await clock.advance('50s');
      await lock.extend('10m');
      // And what drift may take.
      expect(left()).toBeLessThan(10_200);
      await clock.advance('10s');
      expect(lock.isHeld).toBe(false);
    });

    it('shorter than the ttl shortens the lease', async () => {
      await locks.acquire('stock', { ttl: '30s', maxHold: '2s' });
      expect(left()).toBeGreaterThanOrEqual(2_000);
      expect(left()).toBeLessThan(2_050);
    });

    it('counts for the section as well', async () => {
      const work = locks.withLock('stock', { ttl: '10s', maxHold: '20s' }, async () => {
        await clock.sleep('21s');
        return 'too late';
      });
      await expect(clock.run(work)).rejects.toMatchObject({ reason: 'max-hold', result: 'too late' });
    });
  });

  describe('holdAtLeast', () => {
    it('keeps a lock that is released early', async () => {
      const lock = await locks.acquire('job', { ttl: '10s', holdAtLeast: '30s' });
      await clock.advance('5s');
      expect(await lock.release()).toBe('released');
      expect(lock.isHeld).toBe(false);
      expect(left('job')).toBe(25_000);
      expect(await rival.tryAcquire('job')).toBeNull();
      await clock.advance(24_999);
      expect(await rival.tryAcquire('job')).toBeNull();
      await clock.advance(1);
      expect(await rival.tryAcquire('job')).not.toBeNull();
    });

    it('keeps it for other callers of the same process as well', async () => {
      await locks.withLock('job', { holdAtLeast: '30s' }, () => undefined);
      const waiting = locks.acquire('job', { wait: '1m' });
      await clock.run(waiting);
      expect(clock.now().monotonic).toBeGreaterThanOrEqual(30_000);
      expect(clock.now().monotonic).toBeLessThan(31_000);
    });

    it('is over for one that was held longer', async () => {
      const lock = await locks.acquire('job', { ttl: '10s', holdAtLeast: '30s' });
      await clock.advance('40s');
      await lock.release();
      expect(left('job')).toBe(0);
    });

    it('survives a crash of the holder, which renews nothing any more', async () => {
      const dying = new TestingLockServer({ clock });
      const process = await dying.connect();
      await process.acquire('job', { ttl: '5s', holdAtLeast: '30s' });
      await dying.stop();
      await clock.advance('29s');
      expect(dying.isHeld('job')).toBe(true);
      await clock.advance('5s');
      expect(dying.isHeld('job')).toBe(false);
    });

    it('an extension cannot end it either', async () => {
      const lock = await locks.acquire('job', { ttl: '10s', holdAtLeast: '30s' });
      await lock.extend('2s');
      expect(left('job')).toBeGreaterThanOrEqual(30_000);
    });

    it('a release while the store is away keeps it too', async () => {
      const lock = await locks.acquire('job', { ttl: '60s', holdAtLeast: '30s' });
      server.goDown();
      await expect(clock.run(lock.release())).rejects.toThrow(LockStoreError);
      await clock.advance('5s');
      server.comeBack();
      await clock.advance('1s');
      expect(left('job')).toBeGreaterThanOrEqual(23_000);
      expect(left('job')).toBeLessThanOrEqual(25_000);
    });
  });
});

describeOnBothStores('bounds of a hold', (stage) => {
  it('holdAtLeast and maxHold count on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    const kept = await locks.acquire('kept', { ttl: 100, holdAtLeast: '20s' });
    const bound = await locks.acquire('bound', { ttl: '20s', maxHold: 200 });
    expect(await kept.release()).toBe('released');
    await stage().pass(250);
    expect(bound.isHeld).toBe(false);
    expect(await rival.tryAcquire('kept')).toBeNull();
    expect(await rival.tryAcquire('bound')).not.toBeNull();
  });
});
