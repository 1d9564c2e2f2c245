import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Lock, LockService } from 'nestjs-redis-lock';
import { TestingLockServer } from 'nestjs-redis-lock/testing';
import { until } from '../faults/support/until.js';
import { describeOnBothStores } from './support/lock-stage.js';

// Jest does not pass it on; a flag that is set later counts for contexts that are made later.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // the flag has just put it there

/** What a request carries along. */
class Request {
  readonly body = new Array<number>(1_000).fill(0);
}

describeOnBothStores('the async context of whoever calls', (stage) => {
  const context = new AsyncLocalStorage<Request>();
  let locks: LockService;

  beforeEach(async () => {
    locks = await stage().connect();
  });

  /** Runs something in a request that ends then, and tells whether its data can go. */
  async function expectForgotten(run: () => Promise<unknown>): Promise<void> {
    const request = await begin(run);
    await until('the request is forgotten', 10_000, () => {
      collectGarbage();
      return request.deref() === undefined;
    });
  }

  /** A function of its own, so that no variable of a test's keeps the request. */
  async function begin(run: () => Promise<unknown>): Promise<WeakRef<Request>> {
    const request = new WeakRef(new Request());
    await context.run(request.deref() ?? new Request(), run);
    return request;
  }

  it('is not kept by a lock that is held and renewed', async () => {
    const held: { lock?: Lock } = {};
    await expectForgotten(async () => {
      held.lock = await locks.acquire('stock', { ttl: 1_500 });
    });
    await stage().pass(2_000);
    expect(held.lock?.isHeld).toBe(true);
  });

  it('is not kept by what was the first call of the process, nor by timers that run on', async () => {
    await expectForgotten(() => locks.withLock('stock', { ttl: '20s', label: 'a label' }, () => undefined));
    await expectForgotten(() => locks.tryAcquire('orders', { ttl: '20s', holdAtLeast: '10s' }).then((lock) => lock?.release()));
    expect((await locks.inspect('orders')).locked).toBe(true);
  });

  it('is not kept by a lock that somebody else waits for', async () => {
    const rival = await stage().connect();
    const held: { lock?: { release(): Promise<unknown> } } = {};
    await expectForgotten(async () => {
      held.lock = await locks.acquire('stock', { ttl: '20s' });
    });
    const waiting = rival.acquire('stock', { wait: '20s' });
    await stage().untilWaiting(locks, 'stock');
    await held.lock?.release();
    await stage().run(waiting);
  });

  it('is that of the caller again in its section, and after a wait', async () => {
    const seen: unknown[] = [];
    const requests = [new Request(), new Request(), new Request()];
    const work = requests.map((request) =>
      context.run(request, () =>
        locks.withLock('stock', { wait: '20s' }, async () => {
          seen.push(context.getStore());
          await new Promise((resolve) => setImmediate(resolve));
          seen.push(context.getStore());
        }),
      ),
    );
    await stage().run(Promise.all(work));
    expect(seen.map((store) => requests.indexOf(store as Request))).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

describe('services that have been closed', () => {
  /** What it takes to settle many promises, in ms: the best of a few rounds. */
  async function costOfPromises(): Promise<number> {
    let best = Infinity;
    for (let round = 0; round < 5; round++) {
      const since = performance.now();
      for (let i = 0; i < 20_000; i++) await Promise.resolve();
      best = Math.min(best, performance.now() - since);
    }
    return best;
  }

  it('leave nothing behind that would make every promise of the process dearer', async () => {
    const use = async (): Promise<void> => {
      const server = new TestingLockServer();
      const locks = await server.connect();
      expect(await locks.withLock('stock', () => locks.current()?.key)).toBe('stock');
      await server.stop();
    };
    await use();
    const before = await costOfPromises();
    for (let i = 0; i < 500; i++) await use();
    // With 500 contexts in use it would be twenty times as much.
    expect(await costOfPromises()).toBeLessThan(5 * before);
  });
});
