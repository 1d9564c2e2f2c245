import type { LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

let clock: ManualClock;
let server: TestingLockServer;
let locks: LockService;

beforeEach(async () => {
  clock = new ManualClock();
  server = new TestingLockServer({ clock });
  locks = await server.connect();
});
afterEach(() => server.stop());

it('a sibling whose section around it ends first acquires the lock anew', async () => {
  let second: Promise<number> | undefined;
  const first = await locks.withLock('stock', async ({ fence }) => {
    const inner = locks.withLock('stock', () => clock.sleep('10ms'));
    second = locks.withLock('stock', (lock) => lock.fence);
    inner.catch(() => undefined);
    return fence;
  });
  expect(await clock.run(second ?? Promise.reject(new Error('did not start')))).toBeGreaterThan(first);
});

it('sections may hand over to the next ten thousand times', async () => {
  let entered = 0;
  const handOver = async (n: number): Promise<void> => {
    entered++;
    if (n === 10_000) return;
    // The one around it ends as soon as the next one has been entered.
    let next: Promise<void> | undefined;
    await locks.withLock(`step:${String(n)}`, () => {
      next = handOver(n + 1);
    });
    await next;
  };
  await handOver(1);
  expect(entered).toBe(10_000);
});

it('a released nested handle no longer listens for the loss of what is around it', async () => {
  const aborted: string[] = [];
  await locks
    .withLock('stock', async (outer) => {
      const nested = await locks.acquire('stock');
      nested.signal.addEventListener('abort', () => aborted.push('nested'));
      outer.signal.addEventListener('abort', () => aborted.push('outer'));
      await nested.release();
      server.expire('stock');
    })
    .catch(() => undefined);
  expect(aborted).toEqual(['outer']);
});
