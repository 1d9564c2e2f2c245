import { LockBusyError, LockKeyError, LockLostError, LockOptionsError, type Lock, type LockService } from 'nestjs-redis-lock';
import { describeOnBothStores } from './support/lock-stage.js';

class NoStockError extends Error {}

describeOnBothStores('LockService', (stage) => {
  let locks: LockService;
  let rival: LockService;

  beforeEach(async () => {
    locks = await stage().connect();
    rival = await stage().connect();
  });

  describe('acquire', () => {
    it('returns a lock that is held until it is released', async () => {
      const lock = await locks.acquire('stock', { ttl: '20s' });
      expect(lock).toMatchObject({ key: 'stock', isHeld: true });
      expect(Number.isSafeInteger(lock.fence)).toBe(true);
      expect([...lock.fences]).toEqual([['stock', lock.fence]]);
      expect(lock.expiresInMs).toBeGreaterThan(15_000);
      expect(lock.expiresInMs).toBeLessThan(20_000);
      expect(lock.signal.aborted).toBe(false);
      lock.assertHeld();

      expect(await lock.release()).toBe('released');
      expect(lock).toMatchObject({ isHeld: false, expiresInMs: 0 });
      expect(() => lock.assertHeld()).toThrow(LockLostError);
      expect(lock.signal.aborted).toBe(false);
      expect(await locks.isLocked('stock')).toBe(false);
    });

    it('rejects with LockBusyError at the end of its wait', async () => {
      await rival.acquire('stock', { ttl: '20s' });
      const error: unknown = await stage().run(locks.acquire('stock', { wait: 150 }).catch((reason: unknown) => reason));
      expect(error).toBeInstanceOf(LockBusyError);
      const busy = error as LockBusyError;
      expect(busy).toMatchObject({ code: 'LOCK_BUSY', key: 'stock', name: 'LockBusyError' });
      expect(busy.waitedMs).toBeGreaterThanOrEqual(149);
      expect(busy.waitedMs).toBeLessThan(2_000);
      expect(busy.retryAfterMs).toBeGreaterThan(10_000);
      expect(busy.retryAfterMs).toBeLessThanOrEqual(20_000);
    });

    it('gets the lock when it is released meanwhile, by another process or by its own', async () => {
      for (const holder of [rival, locks]) {
        const lock = await holder.acquire('stock');
        const waiting = locks.acquire('stock', { wait: '20s' });
        await stage().untilWaiting(locks, 'stock');
        await lock.release();
        const next = await stage().run(waiting);
        expect(next.fence).toBeGreaterThan(lock.fence);
        await next.release();
      }
    });

    it('gets the lock when its lease runs out', async () => {
      const dead = await rival.acquire('stock', { ttl: 120, renew: false });
      const lock = await stage().run(locks.acquire('stock', { wait: '20s' }));
      expect(lock.fence).toBeGreaterThan(dead.fence);
      expect(dead.isHeld).toBe(false);
      expect(await dead.release()).toBe('lost');
      expect(lock.isHeld).toBe(true);
      expect(await rival.tryAcquire('stock')).toBeNull();
    });

    it('locks of different keys have nothing to do with each other', async () => {
      const held = await Promise.all(['a', 'b', 'c'].map((key) => locks.acquire(key, { wait: 0 })));
      expect(new Set(held.map(({ fence }) => fence)).size).toBe(3);
      await held[0]?.release();
      expect(held.map(({ isHeld }) => isHeld)).toEqual([false, true, true]);
    });
  });

  describe('tryAcquire', () => {
    it('makes one attempt, whatever wait says', async () => {
      const lock = await locks.tryAcquire('stock', { wait: '1h' });
      expect(lock?.isHeld).toBe(true);
      expect(await rival.tryAcquire('stock', { wait: '1h' })).toBeNull();
      expect(await locks.tryAcquire('stock')).toBeNull();
    });

    it('still rejects what is wrong', async () => {
      await expect(locks.tryAcquire('')).rejects.toThrow(LockKeyError);
      await expect(locks.tryAcquire('stock', { ttl: -1 })).rejects.toThrow(LockOptionsError);
    });
  });

  describe('withLock', () => {
    it('runs the function while the lock is held, returns its result and releases', async () => {
      const result = await locks.withLock('stock', { ttl: '20s' }, async (lock) => {
        expect(lock.isHeld).toBe(true);
        expect(await rival.tryAcquire('stock')).toBeNull();
        return 'sold';
      });
      expect(result).toBe('sold');
      expect(await rival.isLocked('stock')).toBe(false);
    });

    it('takes functions that return no promise, with options or without', async () => {
      expect(await locks.withLock('stock', () => 1)).toBe(1);
      expect(await locks.withLock('stock', { ttl: '5s' }, ({ fence }) => fence > 0)).toBe(true);
    });

    it('lets the errors of the function pass untouched, and releases', async () => {
      const error = new NoStockError('none left');
      await expect(locks.withLock('stock', () => Promise.reject(error))).rejects.toBe(error);
      await expect(
        locks.withLock('stock', () => {
          throw error;
        }),
      ).rejects.toBe(error);
      await expect(locks.withLock('stock', () => Promise.reject(undefined as unknown as Error))).rejects.toBeUndefined();
      expect(await rival.isLocked('stock')).toBe(false);
    });

    it('does not run the function when the lock is not to be had', async () => {
      await rival.acquire('stock');
      const run = { ran: false };
      const work = locks.withLock('stock', { wait: 0 }, () => {
        run.ran = true;
      });
      await expect(work).rejects.toThrow(LockBusyError);
      expect(run.ran).toBe(false);
    });

    it('callers of several processes never overlap, and their fences rise', async () => {
      const seen = { inside: 0, overlaps: 0, fences: [] as number[] };
      const section = async (lock: Lock): Promise<void> => {
        if (++seen.inside > 1) seen.overlaps++;
        seen.fences.push(lock.fence);
        await new Promise((resolve) => setImmediate(resolve));
        seen.inside--;
      };
      const callers = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? locks : rival).withLock('stock', { wait: '20s' }, section));
      await stage().run(Promise.all(callers));
      expect(seen.overlaps).toBe(0);
      expect(seen.fences).toHaveLength(40);
      expect(seen.fences).toEqual([...new Set(seen.fences)].sort((a, b) => a - b));
    });
  });

  describe('release', () => {
    it('is idempotent: every call returns the first outcome', async () => {
      const lock = await locks.acquire('stock');
      const outcomes = [lock.release(), lock.release()];
      expect(await Promise.all(outcomes)).toEqual(['released', 'released']);
      const next = await rival.acquire('stock');
      expect(await lock.release()).toBe('released');
      expect(next.isHeld).toBe(true);
      expect(await locks.tryAcquire('stock')).toBeNull();
    });

    it('says that it was lost, when it was', async () => {
      const lock = await locks.acquire('stock', { ttl: 100, renew: false });
      await stage().pass(101);
      const next = await rival.acquire('stock');
      expect(await lock.release()).toBe('lost');
      expect(await lock.release()).toBe('lost');
      expect(next.isHeld).toBe(true);
      expect(await locks.tryAcquire('stock')).toBeNull();
    });
  });

  describe('await using', () => {
    it('releases at the end of the block', async () => {
      {
        await using lock = await locks.acquire('stock');
        expect(lock.isHeld).toBe(true);
        expect(await rival.isLocked('stock')).toBe(true);
      }
      expect(await rival.isLocked('stock')).toBe(false);
    });

    it('also when the block throws, whose error passes', async () => {
      const error = new NoStockError();
      const block = async (): Promise<void> => {
        await using lock = await locks.acquire('stock');
        lock.assertHeld();
        throw error;
      };
      await expect(block()).rejects.toBe(error);
      expect(await rival.isLocked('stock')).toBe(false);
    });

    it('and when it was released or lost before', async () => {
      {
        await using released = await locks.acquire('released');
        await released.release();
        await using lost = await locks.acquire('lost', { ttl: 50, renew: false });
        await stage().pass(51);
        expect(lost.isHeld).toBe(false);
      }
      expect(await rival.isLocked('released')).toBe(false);
    });
  });

  describe('a lock that is lost while its section runs', () => {
    it('rejects with LockLostError, which carries the result', async () => {
      const work = locks.withLock('stock', { ttl: 200, renew: false }, async () => {
        await stage().pass(201);
        return { sold: 1 };
      });
      await expect(work).rejects.toMatchObject({ code: 'LOCK_LOST', key: 'stock', reason: 'expired', result: { sold: 1 } });
    });

    it('or the error of the section as its cause', async () => {
      const error = new NoStockError();
      const work = locks.withLock('stock', { ttl: 200, renew: false }, async () => {
        await stage().pass(201);
        throw error;
      });
      const lost: unknown = await work.catch((reason: unknown) => reason);
      expect(lost).toBeInstanceOf(LockLostError);
      expect((lost as LockLostError).cause).toBe(error);
      expect((lost as LockLostError).result).toBeUndefined();
    });

    it('or is the very error by which the section gave up', async () => {
      const seen: { reason?: unknown } = {};
      const work = locks.withLock('stock', { ttl: 200, renew: false }, async (lock) => {
        await stage().pass(201);
        try {
          lock.assertHeld();
        } catch (error) {
          seen.reason = error;
          throw error;
        }
      });
      const lost: unknown = await work.catch((reason: unknown) => reason);
      expect(lost).toBe(seen.reason);
      expect(lost).toBeInstanceOf(LockLostError);
    });

    it('aborts the signal with the reason', async () => {
      const lock = await locks.acquire('stock', { ttl: 200, renew: false });
      const { signal } = lock;
      const seen: unknown[] = [];
      signal.addEventListener('abort', () => seen.push(signal.reason));
      await stage().pass(230);
      expect(seen).toEqual([expect.objectContaining({ code: 'LOCK_LOST', reason: 'expired', key: 'stock' })]);
      expect(() => signal.throwIfAborted()).toThrow(LockLostError);
    });
  });

  describe('forceRelease', () => {
    it('frees a lock and stops its holder', async () => {
      const lock = await locks.acquire('stock');
      const told = new Promise((resolve) => {
        lock.signal.addEventListener('abort', () => resolve(lock.signal.reason));
      });
      expect(await rival.forceRelease('stock')).toBe(true);
      expect(await stage().run(told)).toMatchObject({ code: 'LOCK_LOST', reason: 'forced' });
      expect(() => lock.assertHeld()).toThrow(LockLostError);
      expect(await lock.release()).toBe('lost');
      expect(await rival.forceRelease('stock')).toBe(false);
    });

    it('of a process on itself works as well', async () => {
      const work = locks.withLock('stock', async (lock) => {
        expect(await locks.forceRelease('stock')).toBe(true);
        await stage().run(
          new Promise((resolve) => {
            if (lock.signal.aborted) resolve(undefined);
            lock.signal.addEventListener('abort', resolve);
          }),
        );
      });
      await expect(work).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'forced' });
    });
  });
});
