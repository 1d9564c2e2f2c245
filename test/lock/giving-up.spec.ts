import { Test } from '@nestjs/testing';
import { LockBusyError, LockService, LockStoreError } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

const POLLING = { retries: 1_000, delay: '50ms' } as const;

let clock: ManualClock;
let server: TestingLockServer;
let holder: LockService;
let locks: LockService;

beforeEach(async () => {
  clock = new ManualClock();
  server = new TestingLockServer({ clock });
  holder = await server.connect();
  locks = await server.connect();
});
afterEach(() => server.stop());

it.each(Array.from({ length: 8 }, (_, turns) => turns))('an abort %d turns after the call is heard at once', async (turns) => {
  await holder.acquire('stock');
  const gaveUp = new AbortController();
  const acquiring = locks.acquire('stock', { wait: '1m', signal: gaveUp.signal });
  const outcome = acquiring.catch((error: unknown) => error);
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  gaveUp.abort(new Error('changed my mind'));

  await clock.settle();
  expect(await outcome).toEqual(new Error('changed my mind'));
});

it.each([
  ['in line', '1m'],
  ['by polling', POLLING],
] as const)('a hundred callers %s may share one signal without a warning, and all hear it', async (_how, wait) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  await holder.acquire('stock');
  const gaveUp = new AbortController();
  const signal = gaveUp.signal;
  const acquiring = Array.from({ length: 100 }, () => locks.acquire('stock', { wait, signal }).catch((error: unknown) => error));
  await clock.advance('200ms');
  gaveUp.abort(new Error('all of you'));

  await clock.settle();
  expect(new Set(await Promise.all(acquiring))).toEqual(new Set([new Error('all of you')]));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

it.each([
  ['in line', '1m'],
  ['by polling', POLLING],
] as const)('who waits %s when the application closes is turned away, but not who waits inside a section', async (_how, wait) => {
  const application = await closable();
  const blocker = await holder.acquire('price');
  const section = application.locks.withLock('stock', () => application.locks.withLock('price', { wait }, () => 'finished'));
  const outsider = application.locks.withLock('price', { wait }, () => 'never').catch((error: unknown) => error);
  await clock.advance('100ms');

  const closing = application.close();
  await clock.settle();
  expect(await outsider).toBeInstanceOf(LockStoreError);
  await expect(application.locks.acquire('another')).rejects.toBeInstanceOf(LockStoreError);
  await blocker.release();
  expect(await clock.run(section)).toBe('finished');
  await clock.run(closing);
});

it('who is told that a lock is busy learns for how long it waited', async () => {
  await holder.acquire('stock', { ttl: '30s' });
  const error: unknown = await clock.run(locks.acquire('stock', { wait: '2s' }).catch((reason: unknown) => reason));
  expect(error).toBeInstanceOf(LockBusyError);
  expect(error).toMatchObject({ key: 'stock', waitedMs: 2_000 });
});

/** An application of its own on the same server. */
async function closable(): Promise<{ locks: LockService; close: () => Promise<void> }> {
  const moduleRef = await Test.createTestingModule({ imports: [server.module({ shutdownTimeout: '10s' })] }).compile();
  await moduleRef.init();
  return { locks: moduleRef.get(LockService), close: () => moduleRef.close() };
}
