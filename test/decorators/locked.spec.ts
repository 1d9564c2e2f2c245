import { ConflictException, Injectable } from '@nestjs/common';
import { Locked, LockBusyError, LockLostError, LockService, type Lock } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { gate, redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

@Injectable()
class Stock extends Watched {
  readonly running = new Map<string, number>();
  most = 0;
  readonly started: string[] = [];
  hold: Promise<unknown> = Promise.resolve();

  @Locked('stock:{sku}', '10s')
  async take(sku: string, quantity = 1): Promise<{ sku: string; quantity: number; key: unknown }> {
    const inside = (this.running.get(sku) ?? 0) + 1;
    this.running.set(sku, inside);
    this.most = Math.max(this.most, inside);
    this.started.push(sku);
    await this.hold;
    this.running.set(sku, inside - 1);
    return { sku, quantity, key: this.key() };
  }

  @Locked('stock:{sku}', { wait: 0 })
  async tryTake(sku: string): Promise<string> {
    return sku;
  }

  @Locked('stock:{sku}', { wait: 0, message: '商品太火爆，请稍后再试' })
  async worded(sku: string): Promise<string> {
    return sku;
  }

  @Locked('stock:{sku}', { wait: 0, onBusy: 'skip' })
  async skipping(sku: string): Promise<string | undefined> {
    return sku;
  }

  @Locked('stock:{_sku}', {
    wait: 0,
    message: 'later',
    onBusy(this: Stock, error, sku: string, ...more: unknown[]) {
      return { self: this, error, sku, more };
    },
  })
  async answering(_sku: string, _n: number): Promise<object> {
    return {};
  }

  @Locked('stock:{sku}', {
    wait: 0,
    onBusy: async (error) => {
      throw new ConflictException(error.code);
    },
  })
  async answeringWithAnError(sku: string): Promise<string> {
    return sku;
  }

  @Locked('outer:{sku}', { onBusy: 'skip' })
  async throughAnother(sku: string): Promise<string | undefined> {
    return this.tryTake(sku);
  }

  @Locked('outer:{_sku}', { onBusy: () => 'not for you' })
  async throwing(_sku: string, error: unknown): Promise<string> {
    await Promise.resolve();
    throw error;
  }

  @Locked('plain')
  plain(value: string): Promise<string> | string {
    return value;
  }

  @Locked('plain')
  throwsAtOnce(): Promise<string> {
    throw new ConflictException('at once');
  }

  @Locked('settings', { ttl: '77s', renew: false, label: 'by hand' })
  async withOptions(run: () => Promise<void>): Promise<number> {
    await run();
    return this.lock().expiresInMs;
  }

  @Locked('lost', '60s')
  async loses(run: () => Promise<string>): Promise<string> {
    return run();
  }
}

async function start(): Promise<{ app: TestApp; stock: Stock }> {
  const app = owned.add(await TestApp.start({ providers: [Stock] }));
  return { app, stock: app.get(Stock) };
}

it('passes arguments and the result, and runs under the lock it names', async () => {
  const { app, stock } = await start();
  expect(await stock.take('a', 3)).toEqual({ sku: 'a', quantity: 3, key: 'stock:a' });
  expect(await stock.take('b')).toEqual({ sku: 'b', quantity: 1, key: 'stock:b' });
  expect(await app.locks.isLocked('stock:a')).toBe(false);
});

it('lets one call in at a time for each key, across instances of the application', async () => {
  const locks = redisLocks({ wait: '20s' });
  const [one, other] = await Promise.all([TestApp.start({ providers: [Stock] }, locks), TestApp.start({ providers: [Stock] }, locks)]);
  owned.add(one);
  owned.add(other);
  let inside = 0;
  let most = 0;
  const overlap = async (app: TestApp): Promise<void> => {
    await app.get(Stock).loses(async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
      return 'done';
    });
  };
  await Promise.all(Array.from({ length: 40 }, (_, i) => overlap(i % 2 === 0 ? one : other)));
  expect(most).toBe(1);
});

it('does not make calls with other keys wait', async () => {
  const { stock } = await start();
  const { opened, open } = gate();
  stock.hold = opened;
  const both = Promise.all([stock.take('a'), stock.take('b')]);
  await until('both run', 5_000, () => stock.started.length === 2);
  open();
  await both;
});

it('hands the options to the lock', async () => {
  const { app, stock } = await start();
  const left = await stock.withOptions(async () => {
    const state = await app.locks.inspect('settings');
    expect(state.holders).toMatchObject([{ label: 'by hand' }]);
  });
  expect(left).toBeGreaterThan(60_000);
  expect(left).toBeLessThanOrEqual(77_000);
});

describe('a method that throws', () => {
  it.each([
    ['an HttpException', new ConflictException('sold out')],
    ['a LockBusyError of its own', new LockBusyError('another', { waitedMs: 0, retryAfterMs: 0 })],
    ['undefined', undefined],
  ])('passes on %s untouched, and releases the lock', async (_what, error) => {
    const { app, stock } = await start();
    const outcome = await stock.throwing('a', error).then(
      (value) => ({ value }),
      (reason: unknown) => ({ reason }),
    );
    expect('reason' in outcome && outcome.reason).toBe(error);
    expect(await app.locks.isLocked('outer:a')).toBe(false);
  });

  it('rejects even where it throws at once', async () => {
    const { stock } = await start();
    let call: Promise<string> | undefined;
    expect(() => (call = stock.throwsAtOnce())).not.toThrow();
    await expect(call).rejects.toBeInstanceOf(ConflictException);
  });
});

it('makes a promise of a plain value', async () => {
  const { stock } = await start();
  const call = stock.plain('a');
  expect(call).toBeInstanceOf(Promise);
  expect(await call).toBe('a');
});

describe('when the lock is busy', () => {
  let stock: Stock;
  let lock: Lock;

  beforeEach(async () => {
    const started = await start();
    stock = started.stock;
    lock = await started.app.locks.acquire('stock:a', { ttl: '60s' });
  });

  afterEach(() => lock.release());

  it('rejects with a LockBusyError', async () => {
    const { error } = await timed(stock.tryTake('a'));
    expect(error).toBeInstanceOf(LockBusyError);
    expect(error).toMatchObject({ code: 'LOCK_BUSY', key: 'stock:a', publicMessage: undefined });
    expect((error as LockBusyError).retryAfterMs).toBeGreaterThan(30_000);
  });

  it('rejects in the words of `message`, with everything else as it is', async () => {
    const { error } = await timed(stock.worded('a'));
    expect(error).toBeInstanceOf(LockBusyError);
    expect(error).toMatchObject({
      message: '商品太火爆，请稍后再试',
      code: 'LOCK_BUSY',
      key: 'stock:a',
      publicMessage: '商品太火爆，请稍后再试',
    });
    expect((error as LockBusyError).retryAfterMs).toBeGreaterThan(30_000);
  });

  it("resolves to undefined with onBusy: 'skip', and runs once the lock is free", async () => {
    expect(await stock.skipping('a')).toBeUndefined();
    await lock.release();
    expect(await stock.skipping('a')).toBe('a');
  });

  it('asks an onBusy function, which gets the error, the arguments and the instance', async () => {
    const { self, ...answer } = (await stock.answering('a', 7)) as { self: unknown };
    expect(self).toBe(stock);
    expect(answer).toMatchObject({ sku: 'a', more: [7], error: { code: 'LOCK_BUSY', message: 'later' } });
  });

  it('ends with the error of an onBusy function', async () => {
    await expect(stock.answeringWithAnError('a')).rejects.toMatchObject({ status: 409, message: 'LOCK_BUSY' });
  });

  it('does not take an inner lock that is busy for its own', async () => {
    await expect(stock.throughAnother('a')).rejects.toMatchObject({ code: 'LOCK_BUSY', key: 'stock:a' });
  });
});

it('rejects with LockLostError when the lock was lost before the method ended', async () => {
  const { app, stock } = await start();
  const { error } = await timed(
    stock.loses(async () => {
      await app.locks.forceRelease('lost');
      return 'sold 1';
    }),
  );
  expect(error).toBeInstanceOf(LockLostError);
  expect(error).toMatchObject({ code: 'LOCK_LOST', result: 'sold 1', key: 'lost' });
});

it('checks at the call what only the module can allow', async () => {
  const app = owned.add(await TestApp.start({ providers: [Stock] }, redisLocks({ maxTtl: '30s' })));
  await expect(app.get(Stock).withOptions(async () => {})).rejects.toMatchObject({
    code: 'LOCK_OPTIONS',
    message: expect.stringContaining('maxTtl') as string,
  });
});

it('finds LockService injectable beside it', async () => {
  const { app } = await start();
  expect(app.locks).toBeInstanceOf(LockService);
});
