import { Injectable } from '@nestjs/common';
import { Locked, LockBusyError, LockOptionsError, ReadLocked, WriteLocked } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { Crowd, meeting } from './support/meeting.js';
import { outside } from './support/outside.js';
import { STORES } from './support/stores.js';
import { gate, redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

type Run<T> = () => Promise<T>;

@Injectable()
class Prices extends Watched {
  @ReadLocked('price:{id}', '10s')
  async read<T>(id: string, run: Run<T>): Promise<[T, unknown]> {
    return [await run(), [id, this.key()][1]];
  }

  @WriteLocked('price:{id}', { ttl: '10s' })
  async write<T>(id: string, run: Run<T>): Promise<[T, unknown]> {
    return [await run(), [id, this.key()][1]];
  }

  @ReadLocked('price:{id}', { wait: 0, message: 'The price is being changed.' })
  async tryRead(id: string): Promise<string> {
    return id;
  }

  @WriteLocked('price:{id}', { wait: 0, onBusy: 'skip' })
  async tryWrite(id: string): Promise<string | undefined> {
    return id;
  }

  @Locked((id: string) => `price:${id}`, { mode: 'read', wait: 0 })
  async tryReadByMode(id: string): Promise<string> {
    return id;
  }

  @Locked('price:{id}', { wait: 0 })
  async tryLocked(id: string): Promise<string> {
    return id;
  }
}

describe.each(STORES)('on %s', (_name, locks) => {
  let app: TestApp;
  let prices: Prices;

  beforeEach(async () => {
    app = owned.add(await TestApp.start({ providers: [Prices] }, locks()));
    prices = app.get(Prices);
  });

  it('readers of a key are inside together, and each has released it at the end', async () => {
    const attend = meeting(5);
    const reads = await Promise.all(Array.from({ length: 5 }, () => prices.read('a', attend)));
    expect(reads).toEqual(Array.from({ length: 5 }, () => [undefined, 'price:a']));
    expect(await app.locks.isLocked('price:a')).toBe(false);
  });

  it('a writer is alone', async () => {
    await prices.write('a', async () => {
      await outside(async () => {
        const { error } = await timed(prices.tryRead('a'));
        expect(error).toBeInstanceOf(LockBusyError);
        expect(error).toMatchObject({ key: 'price:a', publicMessage: 'The price is being changed.' });
        await expect(prices.tryReadByMode('a')).rejects.toBeInstanceOf(LockBusyError);
        await expect(prices.tryLocked('a')).rejects.toBeInstanceOf(LockBusyError);
        expect(await prices.tryWrite('a')).toBeUndefined();
        expect(await prices.tryWrite('b')).toBe('b');
      });
    });
    expect(await prices.tryWrite('a')).toBe('a');
  });

  it('a reader keeps writers out, and no other readers', async () => {
    await prices.read('a', async () => {
      await outside(async () => {
        expect(await prices.tryRead('a')).toBe('a');
        expect(await prices.tryReadByMode('a')).toBe('a');
        expect(await prices.tryWrite('a')).toBeUndefined();
        await expect(prices.tryLocked('a')).rejects.toBeInstanceOf(LockBusyError);
      });
    });
    expect(await prices.tryWrite('a')).toBe('a');
  });

  it('a writer goes in when the readers have left, and those that came after it when it has left', async () => {
    const order: string[] = [];
    const { opened, open } = gate();
    const reading = prices.read('a', () => opened.then(() => order.push('first reader leaves')));
    await until('the reader is inside', 5_000, () => app.locks.isLocked('price:a'));
    const writing = prices.write('a', async () => order.push('writer'));
    await until('the writer waits', 5_000, async () => (await app.locks.inspect('price:a')).waitingCallers === 1);
    const later = [1, 2].map(() => prices.read('a', async () => order.push('later reader')));
    open();
    await Promise.all([reading, writing, ...later]);
    expect(order).toEqual(['first reader leaves', 'writer', 'later reader', 'later reader']);
  });

  it('a method that writes calls one that reads the same key', async () => {
    expect(await prices.write('a', () => prices.read('a', () => prices.tryRead('a')))).toEqual([['a', 'price:a'], 'price:a']);
    expect(await app.locks.isLocked('price:a')).toBe(false);
  });

  it('a method that reads calls others that read the same key, also while a writer waits', async () => {
    let writing: Promise<unknown> = Promise.resolve();
    await prices.read('a', async () => {
      writing = outside(() => prices.write('a', async () => undefined));
      await until('the writer waits', 5_000, async () => (await app.locks.inspect('price:a')).waitingCallers === 1);
      expect(await prices.tryRead('a')).toBe('a');
    });
    await writing;
  });

  it('a method that reads cannot call one that writes the same key', async () => {
    let ran = false;
    const write = async (): Promise<void> => {
      ran = true;
    };
    const { error } = await timed(prices.read('a', () => prices.write('a', write)));
    expect(error).toBeInstanceOf(LockOptionsError);
    expect(error).toMatchObject({ key: 'price:a' });
    expect(ran).toBe(false);
    expect(await app.locks.isLocked('price:a')).toBe(false);
  });
});

it('readers of several instances are inside together, and writers alone', async () => {
  const locks = redisLocks({ wait: '20s' });
  const one = owned.add(await TestApp.start({ providers: [Prices] }, locks)).get(Prices);
  const other = owned.add(await TestApp.start({ providers: [Prices] }, locks)).get(Prices);
  const attend = meeting(4);
  await Promise.all([one, one, other, other].map((prices) => prices.read('a', attend)));

  const readers = new Crowd();
  const writers = new Crowd();
  const readersSeen = new Set<number>();
  const write = async (): Promise<void> => {
    readersSeen.add(readers.inside);
    await writers.pass();
    readersSeen.add(readers.inside);
  };
  const calls = Array.from({ length: 10 }, () =>
    [one, other].flatMap((prices) => [prices.write('b', write), prices.read('b', readers.pass), prices.read('b', readers.pass)]),
  );
  await Promise.all<unknown>(calls.flat());
  expect(writers.most).toBe(1);
  expect([...readersSeen]).toEqual([0]);
  expect(readers.most).toBeGreaterThan(1);
});
