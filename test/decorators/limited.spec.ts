import { Injectable } from '@nestjs/common';
import { Limited, Locked, LockBusyError, LockKeyError } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { Crowd, meeting } from './support/meeting.js';
import { STORES } from './support/stores.js';
import { gate, redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

@Injectable()
class Exports extends Watched {
  @Limited('export:{tenant}', { limit: 3, ttl: '10s' })
  async export<T>(tenant: string, run: () => Promise<T>): Promise<[T, unknown]> {
    return [await run(), [tenant, this.key()][1]];
  }

  @Limited((tenant: string) => `export:${tenant}`, { limit: 3, wait: 0, message: 'Three exports are running already.' })
  async tryExport(_tenant: string): Promise<string> {
    return 'done';
  }

  @Limited('export:{_tenant}', { limit: 3, wait: 0, onBusy: 'skip' })
  async skipping(_tenant: string): Promise<string | undefined> {
    return 'done';
  }

  @Limited('export:{_tenant}', {
    limit: 3,
    wait: 0,
    onBusy(this: Exports, error, tenant: string) {
      return { self: this, error, tenant };
    },
  })
  async answering(_tenant: string): Promise<object> {
    return {};
  }

  @Limited('options', { limit: 1, ttl: '77s', renew: false, label: 'by hand' })
  async withOptions(run: () => Promise<void>): Promise<number> {
    await run();
    return this.lock().expiresInMs;
  }

  @Limited('outer', { limit: 1, onBusy: 'skip' })
  async throughAnother(tenant: string): Promise<string | undefined> {
    return this.tryExport(tenant);
  }

  @Limited((key: unknown) => key as string, { limit: 1 })
  async byValue(_key: unknown): Promise<unknown> {
    return this.key();
  }

  @Locked('export:{_tenant}', { wait: 0 })
  async locked(_tenant: string): Promise<void> {}

  @Limited('export:{_tenant}', { limit: 4, wait: 0 })
  async otherLimit(_tenant: string): Promise<void> {}
}

describe.each(STORES)('on %s', (_name, locks) => {
  let app: TestApp;
  let exports: Exports;

  beforeEach(async () => {
    app = owned.add(await TestApp.start({ providers: [Exports] }, locks()));
    exports = app.get(Exports);
  });

  /** Takes all three permits of a key until the returned function is called. */
  async function full(tenant: string): Promise<() => Promise<unknown>> {
    const { opened, open } = gate();
    const attend = meeting(4);
    const calls = Promise.all([1, 2, 3].map(() => exports.export(tenant, () => attend().then(() => opened))));
    await Promise.race([attend(), calls]);
    return () => {
      open();
      return calls;
    };
  }

  it('as many as the limit says are inside together, never more, and each gives its permit back', async () => {
    const attend = meeting(3);
    const together = await Promise.all([1, 2, 3].map(() => exports.export('a', attend)));
    expect(together).toEqual([1, 2, 3].map(() => [undefined, 'export:a']));
    const inside = new Crowd();
    await Promise.all(Array.from({ length: 20 }, () => exports.export('a', inside.pass)));
    expect(inside.most).toBe(3);
    expect(await app.locks.isLocked('export:a')).toBe(false);
  });

  it('one more waits for the first that leaves', async () => {
    const leave = await full('a');
    let entered = false;
    const fourth = exports.export('a', async () => {
      entered = true;
    });
    await until('it waits', 5_000, async () => (await app.locks.inspect('export:a')).waitingCallers === 1);
    expect(entered).toBe(false);
    await leave();
    await fourth;
    expect(entered).toBe(true);
  });

  it('one more rejects in the words of `message`, skips or answers, as onBusy says', async () => {
    const leave = await full('a');
    const { error } = await timed(exports.tryExport('a'));
    expect(error).toBeInstanceOf(LockBusyError);
    const message = 'Three exports are running already.';
    expect(error).toMatchObject({ code: 'LOCK_BUSY', key: 'export:a', message, publicMessage: message });
    expect(await exports.skipping('a')).toBeUndefined();
    const { self, ...answer } = (await exports.answering('a')) as { self: unknown };
    expect(self).toBe(exports);
    expect(answer).toMatchObject({ tenant: 'a', error: { code: 'LOCK_BUSY', key: 'export:a' } });
    await expect(exports.throughAnother('a')).rejects.toMatchObject({ code: 'LOCK_BUSY', key: 'export:a' });
    expect(await exports.tryExport('b')).toBe('done');
    await leave();
    expect(await exports.tryExport('a')).toBe('done');
    expect(await exports.skipping('a')).toBe('done');
  });

  it('while permits are held, the key is refused to another limit and to a lock', async () => {
    const leave = await full('a');
    await expect(exports.locked('a')).rejects.toMatchObject({ code: 'LOCK_OPTIONS', key: 'export:a' });
    await expect(exports.otherLimit('a')).rejects.toMatchObject({ code: 'LOCK_OPTIONS', key: 'export:a' });
    await leave();
    await exports.locked('a');
    await exports.otherLimit('a');
  });

  it('hands the options to the permit', async () => {
    const left = await exports.withOptions(async () => {
      const { holders } = await app.locks.inspect('options');
      expect(holders).toMatchObject([{ label: 'by hand' }]);
    });
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(77_000);
  });

  it('passes on what the method throws, and gives the permit back', async () => {
    const own = new Error('disk full');
    await expect(exports.export('a', () => Promise.reject(own))).rejects.toBe(own);
    expect(await app.locks.isLocked('export:a')).toBe(false);
  });

  it.each([
    ['several keys', ['a', 'b'], /@Limited on Exports\.byValue: the key function returned several keys\. It must return one key/],
    ['a list of one key', ['a'], /returned several keys\. It must return one key/],
    ['nothing', undefined, /returned undefined/],
    ['an empty key', '', /must not be empty/],
  ])('a key function that returns %s rejects with LockKeyError', async (_what, value, message) => {
    expect(await exports.byValue('a')).toBe('a');
    const { error } = await timed(exports.byValue(value));
    expect(error).toBeInstanceOf(LockKeyError);
    expect((error as Error).message).toMatch(message);
  });
});

it('the limit counts for all instances together', async () => {
  const locks = redisLocks({ wait: '20s' });
  const one = owned.add(await TestApp.start({ providers: [Exports] }, locks)).get(Exports);
  const other = owned.add(await TestApp.start({ providers: [Exports] }, locks)).get(Exports);
  const inside = new Crowd();
  const calls = Array.from({ length: 20 }, () => [one, other].map((exports) => exports.export('a', inside.pass)));
  await Promise.all(calls.flat());
  expect(inside.most).toBe(3);
});
