import { LockBusyError, LockLostError, LockOptionsError, type Lock, type LockService } from 'nestjs-redis-lock';
import { aborted } from './support/aborted.js';
import { describeOnBothStores } from './support/lock-stage.js';

const READ = { mode: 'read', ttl: '10s', wait: '5s' } as const;
const WRITE = { mode: 'write', ttl: '10s', wait: '5s' } as const;

describeOnBothStores('locks to read and to write', (stage) => {
  let here: LockService;
  let there: LockService;

  beforeEach(async () => {
    here = await stage().connect();
    there = await stage().connect();
  });

  /** Somebody who waits; what became of it so far. */
  function waiter(entering: Promise<Lock>): { entering: Promise<Lock>; lock: Lock | undefined } {
    const seen: { entering: Promise<Lock>; lock: Lock | undefined } = { entering, lock: undefined };
    entering.then(
      (lock) => (seen.lock = lock),
      () => undefined,
    );
    return seen;
  }

  it('readers share it, a writer is alone, and fences rise over all of them', async () => {
    const readers = [await here.acquire('stock', READ), await there.acquire('stock', READ), await here.acquire('stock', READ)];
    expect(await there.tryAcquire('stock', WRITE)).toBeNull();
    expect(await there.tryAcquire('stock')).toBeNull();
    for (const reader of readers) expect(await reader.release()).toBe('released');
    const writer = await there.acquire('stock', WRITE);
    expect(await here.tryAcquire('stock', READ)).toBeNull();
    const fences = [...readers, writer].map(({ fence }) => fence);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    await writer.release();
    expect((await here.inspect('stock')).locked).toBe(false);
  });

  it('no reader joins while a writer waits, and all who wait begin when it leaves', async () => {
    const reading = await here.acquire('stock', READ);
    const writer = waiter(there.acquire('stock', WRITE));
    await stage().untilWaiting(here, 'stock');
    expect(await here.tryAcquire('stock', READ)).toBeNull();
    const readers = Array.from({ length: 6 }, (_, i) => waiter((i % 2 === 0 ? here : there).acquire('stock', READ)));
    await reading.release();
    const lock = await stage().run(writer.entering);
    expect(readers.map((reader) => reader.lock)).toEqual(Array(6).fill(undefined));
    await lock.release();
    const all = await stage().run(Promise.all(readers.map(({ entering }) => entering)));
    expect(all.every(({ isHeld }) => isHeld)).toBe(true);
    expect(new Set(all.map(({ fence }) => fence)).size).toBe(6);
    await Promise.all(all.map((reader) => reader.release()));
    expect((await here.inspect('stock')).locked).toBe(false);
  });

  it('a writer that gives up lets those read whom it kept waiting', async () => {
    const reading = await here.acquire('stock', READ);
    const writer = there.acquire('stock', { ...WRITE, wait: 300 });
    const outcome = writer.catch((error: unknown) => error);
    await stage().untilWaiting(here, 'stock');
    const next = here.acquire('stock', READ);
    expect(await stage().run(outcome)).toBeInstanceOf(LockBusyError);
    const lock = await stage().run(next);
    expect([reading.isHeld, lock.isHeld]).toEqual([true, true]);
    await Promise.all([reading.release(), lock.release()]);
  });

  it('each reader has a lease of its own, which is renewed, and ends alone', async () => {
    const short = await here.acquire('stock', { ...READ, ttl: 300, renew: false });
    const renewed = await here.acquire('stock', { ...READ, ttl: 300 });
    await stage().pass(450);
    expect([short.isHeld, renewed.isHeld]).toEqual([false, true]);
    expect(() => short.assertHeld()).toThrow(LockLostError);
    expect(await there.tryAcquire('stock')).toBeNull();
    expect(await short.release()).toBe('lost');
    expect(await renewed.release()).toBe('released');
    expect(await there.tryAcquire('stock')).not.toBeNull();
  });

  it('a reader may set its lease anew, and the lock lasts as long as the longest', async () => {
    const [one, other] = [await here.acquire('stock', READ), await there.acquire('stock', READ)];
    await one.extend(20_000);
    await other.extend(200);
    expect(one.expiresInMs).toBeGreaterThan(15_000);
    expect(other.expiresInMs).toBeLessThanOrEqual(200);
    await one.release();
    await there.inspect('stock').then(({ holders }) => expect(holders).toHaveLength(1));
    await other.release();
  });

  it('a writer may become a reader with nobody in between', async () => {
    const writer = await here.acquire('stock', { ...WRITE, label: 'import' });
    const rival = waiter(there.acquire('stock', WRITE));
    await stage().untilWaiting(here, 'stock');
    const reader = waiter(there.acquire('stock', READ));
    const { fence, signal } = writer;
    const reading = await writer.downgrade();
    expect([reading.fence, reading.isHeld, rival.lock]).toEqual([fence, true, undefined]);
    const joined = await stage().run(reader.entering);
    expect((await there.inspect('stock')).kind).toBe('read');
    await joined.release();
    expect(rival.lock).toBeUndefined();
    expect(signal.aborted).toBe(false);
    await expect(reading.downgrade()).rejects.toThrow(LockOptionsError);
    expect(await reading.release()).toBe('released');
    await (await stage().run(rival.entering)).release();
  });

  it('callers of the same process who wait to write go on when it is downgraded and released', async () => {
    const writer = await here.acquire('stock', WRITE);
    const next = waiter(here.acquire('stock', WRITE));
    const reading = await writer.downgrade();
    await stage().untilWaiting(there, 'stock');
    expect(next.lock).toBeUndefined();
    await reading.release();
    await (await stage().run(next.entering)).release();
  });

  it('a section that is downgraded is released at its end', async () => {
    await here.withLock('stock', WRITE, async (lock) => {
      await lock.downgrade();
      await (await there.acquire('stock', READ)).release();
      await here.withLock('stock', READ, (inner) => expect(inner.fence).toBe(lock.fence));
      await expect(here.withLock('stock', WRITE, () => undefined)).rejects.toThrow(LockOptionsError);
    });
    expect((await there.inspect('stock')).locked).toBe(false);
  });

  it('is not downgraded while nested sections write', async () => {
    await here.withLock('stock', WRITE, (outer) =>
      here.withLock('stock', async () => {
        await expect(outer.downgrade()).rejects.toThrow(LockOptionsError);
        expect(outer.isHeld).toBe(true);
      }),
    );
    expect((await there.inspect('stock')).locked).toBe(false);
  });

  it('who writes may read, and who reads may not write: that is told at once', async () => {
    expect(await here.withLock('stock', () => here.withLock('stock', READ, ({ fence }) => fence))).toBeGreaterThan(0);
    const upgrade = here.withLock('stock', READ, () => here.withLock('stock', { wait: '20s' }, () => 'written'));
    await expect(upgrade).rejects.toThrow(/cannot be upgraded/);
    expect(await here.withLock('stock', READ, () => here.withLock('stock', READ, () => 'read'))).toBe('read');
  });

  it('an operator takes it from all readers, who hear of it', async () => {
    const readers = [await here.acquire('stock', READ), await there.acquire('stock', READ)];
    const signals = readers.map(({ signal }) => signal);
    expect(await there.forceRelease('stock')).toBe(true);
    await stage().run(Promise.all(signals.map((signal) => aborted(signal))));
    expect(readers.map(({ isHeld }) => isHeld)).toEqual([false, false]);
    expect(await here.tryAcquire('stock', WRITE)).not.toBeNull();
  });

  it('a reader stays for its holdAtLeast, and no longer than its maxHold', async () => {
    const kept = await here.acquire('stock', { ...READ, holdAtLeast: 300 });
    await kept.release();
    expect(await there.tryAcquire('stock', WRITE)).toBeNull();
    const bounded = await here.acquire('stock', { ...READ, maxHold: 200 });
    await stage().pass(350);
    expect(bounded.isHeld).toBe(false);
    expect(await there.tryAcquire('stock', WRITE)).not.toBeNull();
  });
});
