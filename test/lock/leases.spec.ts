import { LockLostError, LockStoreError, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';
import { describeOnBothStores } from './support/lock-stage.js';

const MINUTE = 60_000;

describe('leases in virtual time', () => {
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

  describe('renewal', () => {
    it('comes at a third of the ttl, and keeps the lock for as long as its holder wants', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      await clock.advance(9_900);
      expect(left()).toBeLessThan(20_200);
      await clock.advance(200);
      expect(left()).toBeGreaterThan(29_800);
      for (let minute = 0; minute < 60; minute++) {
        await clock.advance('1m');
        expect(lock.isHeld).toBe(true);
        expect(left()).toBeGreaterThanOrEqual(20_000);
        expect(await rival.tryAcquire('stock')).toBeNull();
      }
      await lock.release();
      await clock.advance('1m');
      expect(left()).toBe(0);
      expect(clock.pending).toBe(0);
    });

    it('is left out where it is not wanted', async () => {
      const lock = await locks.acquire('stock', { ttl: '10s', renew: false });
      await clock.advance(9_850);
      expect(lock.isHeld).toBe(true);
      // Less drift: what we believe ends before the server's lease.
      await clock.advance(100);
      expect(lock.isHeld).toBe(false);
      expect(left()).toBeGreaterThan(0);
    });

    it('of many locks goes together, each to its own ttl', async () => {
      const held = await Promise.all(Array.from({ length: 150 }, (_, i) => locks.acquire(`key-${String(i)}`, { ttl: 10_000 + i })));
      await clock.advance('10m');
      expect(held.every(({ isHeld }) => isHeld)).toBe(true);
      expect(server.held()).toHaveLength(150);
    });

    it('is tried again until the lease ends, and warned of', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      await clock.advance('9s');
      server.goDown();
      await clock.advance('15s');
      expect(server.warnings[0]).toMatch(/^Renewing the lock 'stock' failed \(.*\); trying again, \d+ ms before it is lost\.$/);
      server.comeBack();
      await clock.advance('2s');
      expect(lock.isHeld).toBe(true);
      expect(left()).toBeGreaterThan(25_000);
    });

    it('that says that it is not ours any more ends the hold at once', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      server.loseData();
      await clock.advance(9_000);
      expect(lock.isHeld).toBe(true);
      await clock.advance(1_100);
      expect(lock.signal.reason).toMatchObject({ reason: 'taken' });
      expect(await lock.release()).toBe('lost');
    });
  });

  describe('the signal', () => {
    it('belongs to its handle, and aborts at the moment of the loss', async () => {
      const [one, other] = [await locks.acquire('one', { ttl: '10s' }), await locks.acquire('other', { ttl: '10s' })];
      const aborts: string[] = [];
      for (const lock of [one, other])
        lock.signal.addEventListener('abort', () => aborts.push(`${lock.key}@${String(clock.now().monotonic)}`));
      expect(one.signal).toBe(one.signal);
      expect(one.signal).not.toBe(other.signal);
      await clock.advance('1m');
      server.goDown();
      await clock.advance('1m');
      expect(aborts).toHaveLength(2);
      for (const at of aborts.map((text) => Number(text.split('@')[1]))) {
        expect(at).toBeGreaterThan(MINUTE + 5_000);
        expect(at).toBeLessThan(MINUTE + 10_000);
      }
    });

    it('is aborted from the start where it is first read after the loss', async () => {
      const lock = await locks.acquire('stock', { ttl: '10s', renew: false });
      await clock.advance('1m');
      expect(lock.signal.aborted).toBe(true);
      expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    });

    it('does not abort by a release, before or after', async () => {
      const lock = await locks.acquire('stock', { ttl: '10s' });
      const { signal } = lock;
      await lock.release();
      await clock.advance('1h');
      expect(signal.aborted).toBe(false);
    });
  });

  describe('a machine whose clocks are not right', () => {
    it('that slept believes nothing any more when it wakes', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      clock.suspend('31s');
      expect(lock.isHeld).toBe(false);
      expect(() => lock.assertHeld()).toThrow(LockLostError);
      await expect(lock.extend('1m')).rejects.toMatchObject({ reason: 'expired' });
    });

    it('whose wall clock is set back holds no longer for it', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s', renew: false });
      clock.stepWallClock(-3_600_000);
      await clock.advance('30s');
      expect(lock.isHeld).toBe(false);
    });

    it('whose wall clock is set back is renewed all the same', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      clock.stepWallClock(-3_600_000);
      await clock.advance('10m');
      expect(lock.isHeld).toBe(true);
      clock.stepWallClock(31_000);
      expect(lock.isHeld).toBe(false);
    });
  });

  it('in memory there is nothing that could fail over: every replica has a grant', async () => {
    expect((await locks.acquire('stock', { replicas: { min: 3, timeout: 100 } })).isHeld).toBe(true);
  });

  describe('extend', () => {
    it('sets the lease anew, longer or shorter, and renews by the new one', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s' });
      await lock.extend('2m');
      expect(left()).toBe(120_000);
      expect(lock.expiresInMs).toBeGreaterThan(118_000);
      await clock.advance('35s');
      expect(left()).toBe(85_000);
      await clock.advance('10s');
      expect(left()).toBeGreaterThan(110_000);
      await lock.extend('6s');
      expect(left()).toBe(6_000);
      expect(lock.expiresInMs).toBeLessThan(6_000);
      await clock.advance('1m');
      expect(lock.isHeld).toBe(true);
      expect(left()).toBeLessThanOrEqual(6_000);
    });

    it('takes the ttl of the acquisition where none is given', async () => {
      const lock = await locks.acquire('stock', { ttl: '30s', renew: false });
      await clock.advance('20s');
      await lock.extend();
      expect(left()).toBe(30_000);
      await clock.advance('25s');
      expect(lock.isHeld).toBe(true);
    });

    it('rejects when the lock is lost or released, and when the answer is not known', async () => {
      const lost = await locks.acquire('lost', { ttl: '10s', renew: false });
      await clock.advance('10s');
      await expect(lost.extend('1m')).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
      const released = await locks.acquire('released');
      await released.release();
      await expect(released.extend('1m')).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'released' });
      const taken = await locks.acquire('taken');
      server.loseData();
      await expect(taken.extend('1m')).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'taken' });
      const unknown = await locks.acquire('unknown');
      server.goDown();
      await expect(unknown.extend('1m')).rejects.toThrow(LockStoreError);
      expect(unknown.isHeld).toBe(true);
    });

    it('whose answer is not known is believed in no longer than it may have been', async () => {
      const lock = await locks.acquire('stock', { ttl: '1m' });
      server.goDown();
      await expect(lock.extend('5s')).rejects.toThrow(LockStoreError);
      expect(lock.expiresInMs).toBeLessThan(5_000);
    });
  });
});

describeOnBothStores('leases', (stage) => {
  it('are renewed, extended and end, on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    const [renewed, once, longer] = await Promise.all([
      locks.acquire('renewed', { ttl: 900 }),
      locks.acquire('once', { ttl: 900, renew: false }),
      locks.acquire('longer', { ttl: 900, renew: false }),
    ]);
    await longer.extend('30s');
    await stage().pass(2_000);
    expect([renewed.isHeld, once.isHeld, longer.isHeld]).toEqual([true, false, true]);
    expect(await rival.tryAcquire('renewed')).toBeNull();
    expect(await rival.tryAcquire('once')).not.toBeNull();
    expect(await rival.tryAcquire('longer')).toBeNull();
  });
});
