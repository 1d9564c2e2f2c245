import { LockBusyError, LockOptionsError, LockStoreError, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

/** What a review found; each was wrong once. */
describe('shared locks and several keys', () => {
  let clock: ManualClock;
  let server: TestingLockServer;
  let here: LockService;
  let there: LockService;

  beforeEach(async () => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
    here = await server.connect();
    there = await server.connect();
  });
  afterEach(() => server.stop());

  it.each(['read', 'permit'] as const)('a %s that is to be replicated is served, and holds up nobody', async (kind) => {
    const options = { ttl: '10s', wait: '5s' } as const;
    const enter = (locks: LockService, replicated: boolean) => {
      const all = replicated ? { ...options, replicas: { min: 1, timeout: 100 } } : options;
      return kind === 'read' ? locks.acquire('stock', { ...all, mode: 'read' }) : locks.acquirePermit('stock', { ...all, limit: 1 });
    };
    const held = kind === 'read' ? await there.acquire('stock', options) : await enter(there, false);
    const entered: unknown[] = [];
    const waiting = [true, true, false].map((replicated) =>
      enter(here, replicated).then(async (lock) => (entered.push(lock), lock.release())),
    );
    await clock.advance(900);
    await held.release();
    await clock.advance(100);
    expect(entered).toHaveLength(3);
    await clock.run(Promise.all(waiting));
  });

  it('several keys wait until the store is back, as one does', async () => {
    server.goDown();
    const waiting = here.acquire(['a', 'b'], { ttl: '10s', wait: '5s' });
    await clock.advance(300);
    server.comeBack();
    const lock = await clock.run(waiting);
    expect(lock.isHeld).toBe(true);
    expect(await there.tryAcquire('a')).toBeNull();
    await lock.release();
    server.goDown();
    await expect(clock.run(here.acquire(['a', 'b'], { wait: 500 }))).rejects.toThrow(LockStoreError);
    await expect(here.tryAcquire(['a', 'b'])).rejects.toThrow(LockStoreError);
  });

  it('several keys are released together or not at all', async () => {
    await here.withLock(['a', 'b'], async (set) => {
      await here.withLock('a', async () => {
        await expect(set.release()).rejects.toThrow(LockOptionsError);
        expect(set.isHeld).toBe(true);
        expect([await there.tryAcquire('a'), await there.tryAcquire('b')]).toEqual([null, null]);
      });
      expect(await set.release()).toBe('released');
    });
    expect(server.held()).toEqual([]);
  });

  it('the wait of several keys is for all of them, those that are held already included', async () => {
    await there.acquire('c', { ttl: '1m' });
    await here.withLock('a', async () => {
      const sibling = here.withLock('a', () => clock.sleep(600));
      const since = clock.now().monotonic;
      const outcome = await clock.run(here.acquire(['a', 'c'], { wait: '1s' }).catch((error: unknown) => error));
      expect(outcome).toBeInstanceOf(LockBusyError);
      expect(clock.now().monotonic - since).toBeLessThanOrEqual(1_010);
      await sibling;
    });
  });

  it('a lock is held at every moment of its downgrade, also for whoever enters it again meanwhile', async () => {
    for (let gap = 0; gap < 8; gap++) {
      await here.withLock('stock', async (lock) => {
        const nested = here.withLock('stock', { mode: 'read' }, ({ isHeld }) => isHeld);
        for (let i = 0; i < gap; i++) await Promise.resolve();
        const seen = { settled: false };
        const downgrade = lock.downgrade().then(
          () => 'done',
          (error: unknown) => (error instanceof LockOptionsError ? 'refused' : error),
        );
        void downgrade.finally(() => (seen.settled = true));
        while (!seen.settled) {
          expect(lock.isHeld).toBe(true);
          await Promise.resolve();
        }
        expect(['done', 'refused']).toContain(await downgrade);
        expect(await nested).toBe(true);
      });
      expect(server.held()).toEqual([]);
    }
  });

  it('a downgrade that is not answered does not hide that the lease has ended', async () => {
    const lock = await here.acquire('stock', { ttl: 300 });
    const { signal } = lock;
    server.goDown({ silent: true });
    const outcome = lock.downgrade().catch((error: unknown) => error);
    await clock.advance(310);
    expect([signal.aborted, lock.isHeld]).toEqual([true, false]);
    await clock.advance('2s');
    expect(await outcome).toBeInstanceOf(Error);
  });

  it('a longer lease that was set is kept by the reader', async () => {
    const lock = await here.acquire('stock', { ttl: '1s' });
    await lock.extend('20s');
    await lock.downgrade();
    await clock.advance('8s');
    expect(lock.expiresInMs).toBeGreaterThan(10_000);
    await lock.release();
  });
});
