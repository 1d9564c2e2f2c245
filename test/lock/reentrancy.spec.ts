import { LockBusyError, LockLostError, LockOptionsError, type Lock, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';
import { describeOnBothStores } from './support/lock-stage.js';

describe('sections inside each other', () => {
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

  it('enter the same lock again without the store, with its fence, and release it at the end of the outermost', async () => {
    const result = await locks.withLock('stock', async (outer) => {
      server.goDown();
      const inner = await locks.withLock('stock', { wait: 0 }, (lock) =>
        locks.withLock('stock', (innermost) => [lock, innermost, innermost.fence, lock.fence] as const),
      );
      server.comeBack();
      expect(inner.slice(2)).toEqual([outer.fence, outer.fence]);
      expect(inner.slice(0, 2).map((lock) => (lock as Lock).isHeld)).toEqual([false, false]);
      expect(outer.isHeld).toBe(true);
      expect(await rival.tryAcquire('stock')).toBeNull();
      return 'done';
    });
    expect(result).toBe('done');
    expect(server.held()).toEqual([]);
  });

  it('are entered by acquire and tryAcquire as well', async () => {
    await locks.withLock('stock', async (outer) => {
      const [acquired, tried] = [await locks.acquire('stock', { wait: 0 }), undefined];
      expect(tried).toBeUndefined();
      expect(acquired.fence).toBe(outer.fence);
      expect(await acquired.release()).toBe('released');
      expect(acquired.isHeld).toBe(false);
      expect(outer.isHeld).toBe(true);
      const again = await locks.tryAcquire('stock');
      expect(again?.fence).toBe(outer.fence);
      await again?.release();
    });
    expect(server.held()).toEqual([]);
  });

  it('know their lock by current()', async () => {
    expect(locks.current()).toBeUndefined();
    await locks.withLock('a', async (a) => {
      expect(locks.current()).toBe(a);
      await locks.withLock('b', async (b) => {
        expect(locks.current()).toBe(b);
        expect(locks.current('a')).toBe(a);
        expect(locks.current('b')).toBe(b);
        expect(locks.current('c')).toBeUndefined();
        expect(rival.current()).toBeUndefined();
        await locks.withLock('a', async (inner) => {
          expect(locks.current()).toBe(inner);
          expect(locks.current('a')).toBe(inner);
        });
      });
      expect(locks.current()).toBe(a);
      expect(locks.current('b')).toBeUndefined();
    });
    expect(locks.current()).toBeUndefined();
  });

  it('know a lock that they have lost, which says so: what comes before a commit must not pass', async () => {
    const section = locks.withLock('stock', { ttl: '1s', renew: false }, async (lock) => {
      await clock.advance('2s');
      expect(locks.current()).toBe(lock);
      expect(locks.current('stock')?.isHeld).toBe(false);
      locks.current()?.assertHeld();
      return 'committed';
    });
    await expect(section).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
  });

  it('keep the lock until the last of them ends, also one that nobody waits for', async () => {
    let finish = (): void => undefined;
    const ended = new Promise<void>((resolve) => (finish = resolve));
    const left: { inner?: Promise<unknown> } = {};
    await locks.withLock('stock', async () => {
      left.inner = locks.withLock('stock', () => ended);
      await clock.settle();
    });
    expect(await rival.tryAcquire('stock')).toBeNull();
    finish();
    await left.inner;
    expect(await rival.tryAcquire('stock')).not.toBeNull();
  });

  describe('side by side in one section', () => {
    it('take turns, first come, first served', async () => {
      const order: string[] = [];
      const section = (name: string) => async (): Promise<void> => {
        order.push(`${name} in`);
        await clock.sleep(10);
        order.push(`${name} out`);
      };
      const work = locks.withLock('stock', () => Promise.all(['a', 'b', 'c'].map((name) => locks.withLock('stock', section(name)))));
      await clock.run(work);
      expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    });

    it('a turn counts against the wait', async () => {
      const outcomes = await clock.run(
        locks.withLock('stock', () =>
          Promise.allSettled([
            locks.withLock('stock', () => clock.sleep('2s')),
            locks.withLock('stock', { wait: '1s' }, () => 'ran'),
            locks.withLock('stock', { wait: '3s' }, () => 'ran'),
            locks.withLock('stock', { wait: 0 }, () => 'ran'),
            locks.tryAcquire('stock'),
          ]),
        ),
      );
      expect(outcomes.map((outcome): unknown => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason))).toEqual([
        undefined,
        expect.any(LockBusyError),
        'ran',
        expect.any(LockBusyError),
        null,
      ]);
    });

    it('one that polls waits for its turn as long as its policy takes', async () => {
      const work = locks.withLock('stock', () =>
        Promise.all([
          locks.withLock('stock', () => clock.sleep('1s')),
          locks.withLock('stock', { wait: { retries: 3, delay: '500ms' } }, () => 'ran'),
        ]),
      );
      expect(await clock.run(work)).toEqual([undefined, 'ran']);
    });

    it('one may give up by its signal', async () => {
      const gaveUp = new AbortController();
      const reason = new Error('changed my mind');
      const outcomes = await clock.run(
        locks.withLock('stock', () => {
          const first = locks.withLock('stock', () => clock.sleep('2s'));
          const second = locks.withLock('stock', { signal: gaveUp.signal, wait: '1m' }, () => 'ran');
          const third = locks.withLock('stock', { wait: '1m' }, () => 'third');
          gaveUp.abort(reason);
          return Promise.allSettled([first, second, third]);
        }),
      );
      expect(outcomes).toEqual([
        { status: 'fulfilled', value: undefined },
        { status: 'rejected', reason },
        { status: 'fulfilled', value: 'third' },
      ]);
      expect(server.held()).toEqual([]);
    });

    it('one that fails does not hold up the next', async () => {
      const error = new Error('failed');
      const outcomes = await locks.withLock('stock', () =>
        Promise.allSettled([locks.withLock('stock', () => Promise.reject(error)), locks.withLock('stock', () => 'ran')]),
      );
      expect(outcomes).toEqual([
        { status: 'rejected', reason: error },
        { status: 'fulfilled', value: 'ran' },
      ]);
    });

    it('of different locks run at the same time', async () => {
      const since = clock.now().monotonic;
      await clock.run(
        locks.withLock('stock', () => Promise.all(['a', 'b', 'c'].map((key) => locks.withLock(key, () => clock.sleep('1s'))))),
      );
      expect(clock.now().monotonic - since).toBe(1_000);
    });
  });

  it('a handle released inside a section that is nested in it is refused: it would wait for itself', async () => {
    await locks.withLock('stock', async (outer) => {
      await locks.withLock('stock', async (inner) => {
        await expect(outer.release()).rejects.toThrow(LockOptionsError);
        await expect(outer.release()).rejects.toThrow('inside a nested section');
        expect(await inner.release()).toBe('released');
        expect(outer.isHeld).toBe(true);
      });
      expect(await outer.release()).toBe('released');
    });
    expect(server.held()).toEqual([]);
  });

  it('a section that releases its lock itself goes on without it, and acquires it anew', async () => {
    await locks.withLock('stock', async (lock) => {
      await lock.release();
      expect(locks.current()).toBeUndefined();
      expect(server.held()).toEqual([]);
      const fence = await locks.withLock('stock', (again) => again.fence);
      expect(fence).toBeGreaterThan(lock.fence);
    });
  });

  it('reentrant: false says that it would wait for itself', async () => {
    const work = locks.withLock('stock', () => locks.withLock('stock', { reentrant: false }, () => 'ran'));
    await expect(work).rejects.toThrow(LockOptionsError);
    await expect(locks.withLock('stock', () => locks.acquire('stock', { reentrant: false, wait: 0 }))).rejects.toThrow(
      'would wait for itself',
    );
    expect(await locks.withLock('stock', { reentrant: false }, () => 'ran')).toBe('ran');
    expect(await locks.withLock('stock', () => locks.withLock('orders', { reentrant: false }, () => 'ran'))).toBe('ran');
  });

  it('a context that outlives its section acquires anew', async () => {
    const left: { work?: Promise<Lock>; outer?: Lock } = {};
    await locks.withLock('stock', (lock) => {
      left.outer = lock;
      left.work = clock.sleep('1s').then(() => locks.acquire('stock'));
    });
    const later = await clock.run(left.work ?? Promise.reject(new Error('not begun')));
    expect(later.fence).toBeGreaterThan(left.outer?.fence ?? Infinity);
    expect(await rival.tryAcquire('stock')).toBeNull();
    expect(locks.current()).toBeUndefined();
  });

  it('a handle of a bare acquire opens no context: its key is busy for the same caller', async () => {
    const lock = await locks.acquire('stock');
    expect(locks.current()).toBeUndefined();
    expect(await locks.tryAcquire('stock')).toBeNull();
    await expect(locks.withLock('stock', { wait: 0 }, () => 'ran')).rejects.toThrow(LockBusyError);
    const waiting = locks.acquire('stock', { wait: '10s' });
    await clock.settle();
    await lock.release();
    expect((await clock.run(waiting)).isHeld).toBe(true);
  });

  it('the context is that of the async call, not of the process', async () => {
    let finish = (): void => undefined;
    const section = locks.withLock('stock', () => new Promise<void>((resolve) => (finish = resolve)));
    await clock.settle();
    expect(locks.current()).toBeUndefined();
    expect(await locks.tryAcquire('stock')).toBeNull();
    finish();
    await section;
  });

  it('services of two connections know nothing of each other', async () => {
    await locks.withLock('stock', async () => {
      expect(await rival.tryAcquire('stock')).toBeNull();
      await rival.withLock('orders', async () => {
        expect(locks.current()?.key).toBe('stock');
        expect(rival.current()?.key).toBe('orders');
      });
    });
  });

  it('all of them learn of a loss, and none enters a lost lock', async () => {
    const work = locks.withLock('stock', { ttl: '10s' }, async (outer) =>
      locks.withLock('stock', async (inner) => {
        const signals = [outer.signal, inner.signal];
        server.expire('stock');
        expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
        expect(locks.current()).toBeUndefined();
        await expect(locks.withLock('stock', () => 'ran')).rejects.toThrow(LockLostError);
        await expect(locks.tryAcquire('stock')).rejects.toThrow(LockLostError);
        return 'sold';
      }),
    );
    await expect(work).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
  });

  it('an inner section can prolong the hold for all', async () => {
    await locks.withLock('stock', { ttl: '10s', renew: false }, async (outer) => {
      await locks.withLock('stock', (inner) => inner.extend('1m'));
      await clock.advance('30s');
      expect(outer.isHeld).toBe(true);
    });
  });
});

describeOnBothStores('reentrancy', (stage) => {
  it('enters again, serialises siblings and acquires anew, on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    const seen = { inside: 0, most: 0 };
    const nested = (): Promise<number> =>
      locks.withLock('stock', async ({ fence }) => {
        seen.most = Math.max(seen.most, ++seen.inside);
        await new Promise((resolve) => setImmediate(resolve));
        seen.inside--;
        return fence;
      });
    const fences = await locks.withLock('stock', async ({ fence }) => [fence, ...(await Promise.all([nested(), nested(), nested()]))]);
    expect(new Set(fences).size).toBe(1);
    expect(seen.most).toBe(1);
    expect(await rival.withLock('stock', { wait: 0 }, ({ fence }) => fence)).toBeGreaterThan(fences[0] ?? Infinity);
  });
});
