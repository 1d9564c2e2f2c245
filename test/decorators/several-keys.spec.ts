import { Injectable } from '@nestjs/common';
import { Locked, LockBusyError, LockKeyError, ReadLocked, WriteLocked } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed } from '../faults/support/until.js';
import { Crowd, meeting } from './support/meeting.js';
import { outside } from './support/outside.js';
import { STORES } from './support/stores.js';
import { redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

type Run<T> = () => Promise<T>;

@Injectable()
class Accounts extends Watched {
  ran = 0;

  @Locked(['account:{from}', 'account:{to}'], '10s')
  async transfer<T>(from: string, to: string, run: Run<T>): Promise<[T, unknown]> {
    return [await run(), [from, to, this.key()][2]];
  }

  @Locked((ids: readonly string[]) => ids.map((id) => `account:${id}`), { ttl: '10s', wait: 0, message: 'One of them is in use.' })
  async tryAll<T>(_ids: readonly string[], run: Run<T>): Promise<[T, unknown]> {
    return [await run(), this.key()];
  }

  @WriteLocked(['account:{from.id}', 'account:{1.id}'], { wait: 0, onBusy: 'skip' })
  async skipping(from: { id: string }, _to: { id: string }): Promise<unknown> {
    return [from, this.key()][1];
  }

  @ReadLocked(['account:{from}', 'account:{to}'], '10s')
  async compare<T>(from: string, to: string, run: Run<T>): Promise<[T, unknown]> {
    return [await run(), [from, to, this.key()][2]];
  }

  @Locked('account:{id}', { wait: 0 })
  async one(id: string): Promise<unknown> {
    return [id, this.key()][1];
  }

  @Locked((value: unknown) => value as string[])
  async byValue(_value: unknown): Promise<unknown> {
    this.ran++;
    return this.key();
  }

  fences(): ReadonlyMap<string, number> {
    return this.lock().fences;
  }
}

describe.each(STORES)('on %s', (_name, locks) => {
  let app: TestApp;
  let accounts: Accounts;

  beforeEach(async () => {
    app = owned.add(await TestApp.start({ providers: [Accounts] }, locks()));
    accounts = app.get(Accounts);
  });

  const held = async (): Promise<boolean[]> => [await app.locks.isLocked('account:a'), await app.locks.isLocked('account:b')];

  it('a list of templates is several locks, held together and released together', async () => {
    const [inside, keys] = await accounts.transfer('a', 'b', async () => ({ held: await held(), fences: accounts.fences() }));
    expect(keys).toEqual(['account:a', 'account:b']);
    expect(inside.held).toEqual([true, true]);
    expect([...inside.fences.keys()].sort()).toEqual(['account:a', 'account:b']);
    expect(await held()).toEqual([false, false]);
  });

  it('they are released where the method throws, and its error passes untouched', async () => {
    const own = new Error('not enough on the account');
    await expect(accounts.transfer('a', 'b', () => Promise.reject(own))).rejects.toBe(own);
    expect(await held()).toEqual([false, false]);
  });

  it('a key function may return several', async () => {
    const [inside, keys] = await accounts.tryAll(['b', 'a', 'c'], held);
    expect(inside).toEqual([true, true]);
    expect([...(keys as string[])].sort()).toEqual(['account:a', 'account:b', 'account:c']);
    expect(await held()).toEqual([false, false]);
  });

  it('where one is busy none is held', async () => {
    const lock = await app.locks.acquire('account:b', { ttl: '60s' });
    const { error } = await timed(accounts.tryAll(['a', 'b'], held));
    expect(error).toBeInstanceOf(LockBusyError);
    expect(error).toMatchObject({ key: 'account:b', publicMessage: 'One of them is in use.' });
    expect(await accounts.skipping({ id: 'a' }, { id: 'b' })).toBeUndefined();
    expect(await held()).toEqual([false, true]);
    await lock.release();
    expect(await accounts.skipping({ id: 'a' }, { id: 'b' })).toEqual(['account:a', 'account:b']);
  });

  it('others that want one of them are kept out', async () => {
    await accounts.transfer('a', 'b', () =>
      outside(async () => {
        await expect(accounts.one('a')).rejects.toBeInstanceOf(LockBusyError);
        await expect(accounts.one('b')).rejects.toBeInstanceOf(LockBusyError);
        await expect(accounts.tryAll(['b', 'c'], held)).rejects.toBeInstanceOf(LockBusyError);
        expect(await accounts.one('c')).toBe('account:c');
      }),
    );
  });

  it('readers of several keys are inside together, and keep writers out', async () => {
    const attend = meeting(3);
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((id) =>
        accounts.compare(id, 'b', async () => {
          await attend();
          return outside(() => accounts.skipping({ id: 'b' }, { id: 'd' }));
        }),
      ),
    );
    expect(seen.map(([written]) => written)).toEqual([undefined, undefined, undefined]);
    expect(await accounts.skipping({ id: 'b' }, { id: 'd' })).toEqual(['account:b', 'account:d']);
  });

  it('the same key twice is one', async () => {
    const [inside] = await accounts.transfer('a', 'a', async () => [...accounts.fences().keys()]);
    expect(inside).toEqual(['account:a']);
    expect(await held()).toEqual([false, false]);
  });

  it('a method called inside enters each of them without waiting', async () => {
    const [inner] = await accounts.transfer('a', 'b', async () => [await accounts.one('a'), await accounts.one('b')]);
    expect(inner).toEqual(['account:a', 'account:b']);
    expect(await held()).toEqual([false, false]);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'an empty array',
      [],
      /@Locked on Accounts\.byValue: the key function returned an empty array\. It must return a key, a string, or several/,
    ],
    ['a key that is missing', ['a', undefined], /@Locked on Accounts\.byValue: the key function returned undefined among its keys/],
    ['a hole', Array.from({ length: 2 }), /returned undefined among its keys/],
    ['a number', ['a', 5], /returned a value of type number among its keys/],
    ['a promise', [Promise.resolve('a')], /returned a promise among its keys/],
    ['an array of arrays', [['a']], /returned several keys among its keys/],
    ['an empty key', ['a', ''], /must not be empty/],
    ['a key of the protocol', ['a', '~1:queue'], /begins with '~'/],
    ['too long a key', ['x'.repeat(1_025), 'a'], /1025 bytes/],
  ])('a key function that returns %s rejects with LockKeyError, and the method does not run', async (_what, value, message) => {
    const { error } = await timed(accounts.byValue(value));
    expect(error).toBeInstanceOf(LockKeyError);
    expect(error).toMatchObject({ code: 'LOCK_KEY', message: expect.stringMatching(message) as string });
    expect(accounts.ran).toBe(0);
    expect(await app.locks.isLocked('a')).toBe(false);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['an object', {}],
  ])('a template of the list that is filled in with %s rejects with LockKeyError', async (_what, to) => {
    const { error } = await timed(accounts.transfer('a', to as string, held)); // as an untyped caller may
    expect(error).toBeInstanceOf(LockKeyError);
    expect((error as Error).message).toContain("@Locked on Accounts.transfer: {to} in the template 'account:{to}' is ");
    expect(await held()).toEqual([false, false]);
  });
});

it('a promise among the keys that fails leaves no rejection behind', async () => {
  const app = owned.add(await TestApp.start({ providers: [Accounts] }, { connection: 'memory' }));
  const unhandled: unknown[] = [];
  const note = (reason: unknown): unknown => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const keys = [Promise.reject(new Error('late')), Promise.reject(new Error('later'))];
    await expect(app.get(Accounts).byValue(keys)).rejects.toBeInstanceOf(LockKeyError);
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(unhandled).toEqual([]);
});

it('transfers in both directions, by several instances, do not block each other, and each account is used by one at a time', async () => {
  const locks = redisLocks({ wait: '20s' });
  const one = owned.add(await TestApp.start({ providers: [Accounts] }, locks)).get(Accounts);
  const other = owned.add(await TestApp.start({ providers: [Accounts] }, locks)).get(Accounts);
  const [a, b, c] = [new Crowd(), new Crowd(), new Crowd()];
  const ways = [
    ['a', 'b', () => Promise.all([a.pass(), b.pass()])],
    ['b', 'a', () => Promise.all([b.pass(), a.pass()])],
    ['b', 'c', () => Promise.all([b.pass(), c.pass()])],
    ['c', 'a', () => Promise.all([c.pass(), a.pass()])],
  ] as const;
  const transfers = Array.from({ length: 8 }, () =>
    [one, other].flatMap((accounts) => ways.map(([from, to, run]) => accounts.transfer(from, to, run))),
  );
  expect(await Promise.all(transfers.flat())).toHaveLength(64);
  expect([a, b, c].map(({ most }) => most)).toEqual([1, 1, 1]);
});
