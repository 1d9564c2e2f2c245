import { LockBusyError, LockStoreError, type LockOptions, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';
import { describeOnBothStores } from './support/lock-stage.js';

describe('waiting in virtual time', () => {
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

  /** How long a call took, and how it ended. */
  async function outcome(work: Promise<unknown>): Promise<{ ms: number; error: unknown }> {
    const since = clock.now().monotonic;
    const error: unknown = await clock.run(work).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { ms: clock.now().monotonic - since, error };
  }

  it('lasts as long as it was told, and by default as long as the module says', async () => {
    await rival.acquire('stock');
    for (const [options, ms] of [
      [{ wait: 0 }, 0],
      [{ wait: '250ms' }, 250],
      [{ wait: '1m' }, 60_000],
      [{}, 5_000],
    ] as [LockOptions, number][]) {
      const { ms: took, error } = await outcome(locks.acquire('stock', options));
      expect(error).toBeInstanceOf(LockBusyError);
      expect(error).toMatchObject({ waitedMs: ms });
      expect(took).toBe(ms);
    }
    const patient = await server.connect({ wait: '2m' });
    expect((await outcome(patient.acquire('stock'))).ms).toBe(120_000);
  });

  it('goes first come, first served, within a process', async () => {
    const first = await locks.acquire('stock');
    const order: number[] = [];
    const callers = Array.from({ length: 20 }, (_, i) =>
      locks.withLock('stock', { wait: '1m' }, async () => {
        order.push(i);
        await clock.sleep(10);
      }),
    );
    await clock.settle();
    await first.release();
    await clock.run(Promise.all(callers));
    expect(order).toEqual(order.map((_, i) => i));
    expect(order).toHaveLength(20);
  });

  it('callers whose wait ends do not hold up those behind them', async () => {
    const first = await rival.acquire('stock');
    const hasty = locks.acquire('stock', { wait: '1s' });
    const patient = locks.acquire('stock', { wait: '1m' });
    expect((await outcome(hasty)).error).toBeInstanceOf(LockBusyError);
    await first.release();
    const { ms, error } = await outcome(patient);
    expect(error).toBeUndefined();
    expect(ms).toBeLessThan(600);
  });

  it('nobody who makes one attempt overtakes those who wait', async () => {
    const first = await locks.acquire('stock', { ttl: '2s', renew: false });
    const waiting = locks.acquire('stock', { wait: '1m' });
    await clock.settle();
    server.expire('stock');
    expect(await locks.tryAcquire('stock')).toBeNull();
    await expect(locks.acquire('stock', { wait: { retries: 0, delay: 1 } })).rejects.toThrow(LockBusyError);
    expect((await clock.run(waiting)).fence).toBeGreaterThan(first.fence);
  });

  it('ends soon after a foreign lock that tells nobody', async () => {
    await rival.acquire('stock', { ttl: '10s', renew: false });
    const { ms, error } = await outcome(locks.acquire('stock', { wait: '1m' }));
    expect(error).toBeUndefined();
    expect(ms).toBeGreaterThanOrEqual(10_000);
    expect(ms).toBeLessThan(10_600);
  });

  describe('maxWaiters', () => {
    it('turns the next one away at once, and lets in others when there is room', async () => {
      const small = await server.connect({ maxWaiters: 3 });
      const held = await rival.acquire('stock');
      const waiting = Array.from({ length: 3 }, () => small.withLock('stock', { wait: '1m' }, () => 'ran'));
      await clock.settle();
      const { ms, error } = await outcome(small.acquire('stock', { wait: '1m' }));
      expect(ms).toBe(0);
      expect(error).toBeInstanceOf(LockBusyError);
      expect(error).toMatchObject({ waitedMs: 0, message: expect.stringContaining('maxWaiters') as string });
      const other = small.withLock('orders', { wait: '1m' }, () => 'ran');
      await held.release();
      expect(await clock.run(Promise.all([...waiting, other]))).toEqual(['ran', 'ran', 'ran', 'ran']);
      expect(await small.withLock('stock', () => 'ran')).toBe('ran');
    });
  });

  describe('an AbortSignal', () => {
    const reason = new Error('changed my mind');

    it('that has aborted already ends the call with its reason, before anything is sent', async () => {
      server.goDown();
      for (const options of [
        { signal: AbortSignal.abort(reason) },
        { signal: AbortSignal.abort(reason), wait: { retries: 3, delay: 10 } },
      ]) {
        await expect(locks.acquire('stock', options)).rejects.toBe(reason);
        await expect(locks.withLock('stock', options, () => 'ran')).rejects.toBe(reason);
      }
      await expect(locks.tryAcquire('stock', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    it('ends a wait at once, with its reason, and leaves no place in line behind', async () => {
      const held = await rival.acquire('stock');
      for (const wait of ['1h', { retries: 100, delay: '10s' }] as LockOptions['wait'][]) {
        const gaveUp = new AbortController();
        const waiting = locks.acquire('stock', { wait: wait ?? 0, signal: gaveUp.signal });
        await clock.advance('1s');
        gaveUp.abort(reason);
        const { ms, error } = await outcome(waiting);
        expect({ ms, error }).toEqual({ ms: 0, error: reason });
      }
      await clock.settle();
      await held.release();
      await clock.advance('1s');
      expect(server.held()).toEqual([]);
      expect(clock.pending).toBeLessThanOrEqual(1);
    });

    it('does not touch a lock that is granted already', async () => {
      const gaveUp = new AbortController();
      const lock = await locks.acquire('stock', { signal: gaveUp.signal });
      const section = locks.withLock('orders', { signal: gaveUp.signal }, () => clock.sleep('1s').then(() => 'done'));
      await clock.settle();
      gaveUp.abort(reason);
      expect(lock.isHeld).toBe(true);
      expect(await clock.run(section)).toBe('done');
      expect(await lock.release()).toBe('released');
    });

    it('may be shared by many callers', async () => {
      await rival.acquire('stock');
      const gaveUp = new AbortController();
      const waiting = Array.from({ length: 100 }, () => locks.acquire('stock', { wait: '1h', signal: gaveUp.signal }));
      await clock.settle();
      gaveUp.abort(reason);
      const outcomes = await Promise.allSettled(waiting);
      expect(outcomes.every((settled) => settled.status === 'rejected' && settled.reason === reason)).toBe(true);
    });

    it('may abort without a reason of its own', async () => {
      await rival.acquire('stock');
      await expect(locks.acquire('stock', { wait: '1h', signal: AbortSignal.timeout(5) })).rejects.toMatchObject({ name: 'TimeoutError' });
    });
  });

  describe('a retry policy', () => {
    /** When each attempt comes, counted from the call: an attempt finds the store down, and is seen to. */
    async function attempts(wait: LockOptions['wait']): Promise<number[]> {
      await rival.acquire('stock', { ttl: '1h' });
      const since = clock.now().monotonic;
      const times: number[] = [];
      const service = await server.connect();
      const { store } = (service as unknown as { engine: { store: { grant(...args: unknown[]): unknown } } }).engine; // to see what is sent
      const grant = store.grant.bind(store);
      store.grant = (...args) => {
        times.push(clock.now().monotonic - since);
        return grant(...args);
      };
      const { error } = await outcome(service.acquire('stock', { wait: wait ?? 0 }));
      expect(error).toBeInstanceOf(LockBusyError);
      expect(error).toMatchObject({ waitedMs: Math.round(times.at(-1) ?? NaN) });
      return times;
    }

    it.each<[string, LockOptions['wait'], number[]]>([
      ['fixed by default', { retries: 3, delay: '100ms' }, [0, 100, 200, 300]],
      ['fixed', { retries: 3, delay: 100, backoff: 'fixed' }, [0, 100, 200, 300]],
      ['linear', { retries: 4, delay: '100ms', backoff: 'linear' }, [0, 100, 300, 600, 1_000]],
      ['exponential', { retries: 4, delay: '100ms', backoff: 'exponential' }, [0, 100, 300, 700, 1_500]],
      ['without retries', { retries: 0, delay: '100ms' }, [0]],
      ['without a delay', { retries: 3, delay: 0 }, [0, 0, 0, 0]],
    ])('%s', async (_name, wait, times) => {
      expect(await attempts(wait)).toEqual(times);
    });

    it('with jitter stays within its share, around the delay', async () => {
      const times = await attempts({ retries: 200, delay: '100ms', jitter: 0.5 });
      const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(150);
      expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(50);
      const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
      expect(mean).toBeGreaterThan(85);
      expect(mean).toBeLessThan(115);
    });

    it('gets the lock at the first attempt that finds it free', async () => {
      const held = await rival.acquire('stock');
      const polling = locks.acquire('stock', { wait: { retries: 10, delay: '1s' } });
      await clock.advance('2500ms');
      await held.release();
      const { ms } = await outcome(polling);
      expect(ms).toBe(500);
    });

    it('goes on where the store is away for a while, and tells that it was where it stays away', async () => {
      server.goDown();
      const polling = locks.acquire('stock', { wait: { retries: 3, delay: '1s' } });
      const hopeless = locks.acquire('orders', { wait: { retries: 1, delay: '1s' } });
      expect((await outcome(hopeless)).error).toBeInstanceOf(LockStoreError);
      server.comeBack();
      expect((await outcome(polling)).error).toBeUndefined();
    });
  });

  it('10,000 callers of one lock all get it, one after the other', async () => {
    const seen = { inside: 0, overlaps: 0, runs: 0 };
    const callers = Array.from({ length: 10_000 }, () =>
      locks.withLock('stock', { wait: '1h' }, async () => {
        if (++seen.inside > 1) seen.overlaps++;
        seen.runs++;
        await Promise.resolve();
        seen.inside--;
      }),
    );
    await clock.run(Promise.all(callers));
    expect(seen).toEqual({ inside: 0, overlaps: 0, runs: 10_000 });
  });
});

describeOnBothStores('waiting', (stage) => {
  it('is first come, first served within a process, on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    const held = await rival.acquire('stock');
    const order: number[] = [];
    const callers = Array.from({ length: 15 }, (_, i) => locks.withLock('stock', { wait: '20s' }, () => void order.push(i)));
    await stage().untilWaiting(rival, 'stock');
    await held.release();
    await stage().run(Promise.all(callers));
    expect(order).toEqual(Array.from({ length: 15 }, (_, i) => i));
  });

  it('an aborted caller leaves the lock to the others, on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    const held = await rival.acquire('stock');
    const gaveUp = new AbortController();
    const first = locks.acquire('stock', { wait: '20s', signal: gaveUp.signal });
    const second = locks.acquire('stock', { wait: '20s' });
    await stage().untilWaiting(rival, 'stock');
    gaveUp.abort(new Error('changed my mind'));
    await expect(first).rejects.toThrow('changed my mind');
    await held.release();
    expect((await stage().run(second)).isHeld).toBe(true);
  });

  it('polls in its own rhythm, on either store', async () => {
    const [locks, rival] = [await stage().connect(), await stage().connect()];
    await rival.acquire('stock', { ttl: 250, renew: false });
    const lock = await stage().run(locks.acquire('stock', { wait: { retries: 20, delay: '50ms', backoff: 'linear' } }));
    expect(lock.isHeld).toBe(true);
  });
});
