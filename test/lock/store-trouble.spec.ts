import { LockStoreError, type LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

describe('where the store does not answer', () => {
  let clock: ManualClock;
  let server: TestingLockServer;
  let locks: LockService;

  beforeEach(async () => {
    clock = new ManualClock();
    server = new TestingLockServer({ clock });
    locks = await server.connect();
  });
  afterEach(() => server.stop());

  it('an attempt rejects, and what it may have taken is given back', async () => {
    server.goDown({ silent: true });
    await expect(clock.run(locks.acquire('stock', { wait: 0 }))).rejects.toThrow(LockStoreError);
    server.comeBack();
    await clock.advance('2s');
    expect(server.held()).toEqual([]);
  });

  it('a release rejects, goes on in the background, and withLock keeps quiet about it', async () => {
    const lock = await locks.acquire('bare', { ttl: '1m' });
    const work = locks.withLock('section', { ttl: '1m' }, () => {
      server.goDown();
      return 'done';
    });
    expect(await clock.run(work)).toBe('done');
    await expect(clock.run(lock.release())).rejects.toThrow("The release of 'bare' was not answered");
    expect(server.warnings.some((text) => text.includes("release of 'section'"))).toBe(true);
    expect(
      server
        .held()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['bare', 'section']);
    server.comeBack();
    await clock.advance('1s');
    expect(server.held()).toEqual([]);
  });

  it('`await using` keeps quiet about it as well', async () => {
    const block = async (): Promise<string> => {
      await using lock = await locks.acquire('stock');
      server.goDown();
      return `held: ${String(lock.isHeld)}`;
    };
    expect(await clock.run(block())).toBe('held: true');
  });
});
