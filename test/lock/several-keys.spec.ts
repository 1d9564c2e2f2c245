import { LockBusyError, LockKeyError, LockLostError, LockOptionsError, type Lock, type LockService } from 'nestjs-redis-lock';
import { aborted } from './support/aborted.js';
import { describeOnBothStores } from './support/lock-stage.js';

const OPTIONS = { ttl: '10s', wait: '5s' } as const;

describeOnBothStores('several keys', (stage) => {
  let here: LockService;
  let there: LockService;

  beforeEach(async () => {
    here = await stage().connect();
    there = await stage().connect();
  });

  it('are held at once, each once, with a fence for each, and released together', async () => {
    const lock = await here.acquire(['b', 'a', 'b', 'c'], OPTIONS);
    expect(lock.key).toEqual(['b', 'a', 'b', 'c']);
    expect([...lock.fences.keys()]).toEqual(['a', 'b', 'c']);
    expect(new Set(lock.fences.values()).size).toBe(3);
    expect(() => lock.fence).toThrow(LockOptionsError);
    expect(lock.isHeld).toBe(true);
    for (const key of ['a', 'b', 'c']) expect(await there.tryAcquire(key)).toBeNull();
    expect(await lock.release()).toBe('released');
    expect(lock.isHeld).toBe(false);
    for (const key of ['a', 'b', 'c']) expect((await there.inspect(key)).locked).toBe(false);
  });

  it('are had all or none', async () => {
    const held = await there.acquire('b', OPTIONS);
    expect(await here.tryAcquire(['a', 'b', 'c'])).toBeNull();
    await expect(stage().run(here.acquire(['a', 'b', 'c'], { ...OPTIONS, wait: 100 }))).rejects.toThrow(LockBusyError);
    for (const key of ['a', 'c']) expect((await there.inspect(key)).locked).toBe(false);
    const waiting = here.acquire(['a', 'b', 'c'], OPTIONS);
    await stage().untilWaiting(there, 'b');
    await held.release();
    const lock = await stage().run(waiting);
    expect([...lock.fences.keys()]).toEqual(['a', 'b', 'c']);
    await lock.release();
  });

  it('are had by everybody who names them in other orders: nobody waits in a circle', async () => {
    const inside = new Set<string>();
    const pairs = [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'b', 'a'],
    ];
    const work = Array.from({ length: 30 }, (_, i) => {
      const keys = pairs[i % pairs.length] ?? [];
      return (i % 2 === 0 ? here : there).withLock(keys, { ttl: '10s', wait: '20s' }, async () => {
        for (const key of keys) expect(inside.has(key)).toBe(false);
        for (const key of keys) inside.add(key);
        await stage().pass(1);
        for (const key of keys) inside.delete(key);
      });
    });
    await stage().run(Promise.all(work));
    expect(inside.size).toBe(0);
  });

  it('are renewed while the others are waited for, and have the whole lease and hold from the entry on', async () => {
    const held = await there.acquire('b', OPTIONS);
    const waiting = here.acquire(['a', 'b'], { ttl: 400, wait: '5s', renew: false, maxHold: 350 });
    await stage().untilWaiting(there, 'b');
    await stage().pass(900);
    expect(await there.tryAcquire('a')).toBeNull();
    await held.release();
    const lock = await stage().run(waiting);
    expect(lock.expiresInMs).toBeGreaterThan(250);
    expect(lock.expiresInMs).toBeLessThanOrEqual(350);
    await stage().pass(450);
    expect(lock.isHeld).toBe(false);
    expect(await there.tryAcquire(['a', 'b'])).not.toBeNull();
  });

  it('are lost as soon as one of them is, which their signal tells', async () => {
    const lock = await here.acquire(['a', 'b'], OPTIONS);
    const { signal } = lock;
    await there.forceRelease('b');
    await stage().run(aborted(signal));
    expect(signal.reason).toBeInstanceOf(LockLostError);
    expect(lock.isHeld).toBe(false);
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    expect(await lock.release()).toBe('lost');
    expect((await there.inspect('a')).locked).toBe(false);
  });

  it('are a section, which tells of a loss, and in which each is entered again', async () => {
    await here.withLock(['b', 'a'], OPTIONS, async (lock) => {
      expect(here.current()).toBe(lock);
      expect(here.current('a')).toBe(lock);
      expect(await here.withLock('a', { wait: 0 }, ({ fence }) => fence)).toBe(lock.fences.get('a'));
      await here.withLock(['a', 'b', 'c'], { wait: 0 }, async (inner) => {
        expect(inner.fences.get('b')).toBe(lock.fences.get('b'));
        expect(await there.tryAcquire('c')).toBeNull();
      });
      expect((await there.inspect('c')).locked).toBe(false);
      expect(lock.isHeld).toBe(true);
    });
    const lost = here.withLock(['a', 'b'], OPTIONS, async (lock) => {
      const { signal } = lock;
      await there.forceRelease('a');
      await stage().run(aborted(signal));
      return 'done';
    });
    await expect(lost).rejects.toMatchObject({ code: 'LOCK_LOST', key: 'a', result: 'done' });
    expect((await there.inspect('b')).locked).toBe(false);
  });

  it('may be read together', async () => {
    const one = await here.acquire(['a', 'b'], { ...OPTIONS, mode: 'read' });
    const other = await there.acquire(['b', 'a'], { ...OPTIONS, mode: 'read' });
    expect(await here.tryAcquire(['b', 'c'])).toBeNull();
    await expect((one as Lock).downgrade()).rejects.toThrow(LockOptionsError);
    await Promise.all([one.extend('20s'), other.extend()]);
    expect(one.expiresInMs).toBeGreaterThan(15_000);
    await Promise.all([one.release(), other.release()]);
    expect(await here.tryAcquire(['b', 'c'])).not.toBeNull();
  });

  it('are polled for all together where the policy says so, and none is kept in between', async () => {
    const held = await there.acquire('b', OPTIONS);
    const polling = here.acquire(['a', 'b'], { ttl: '10s', wait: { retries: 20, delay: 40 } });
    await stage().pass(100);
    const between = await stage().run(there.acquire('a', OPTIONS));
    expect([between.isHeld, held.isHeld]).toEqual([true, true]);
    await Promise.all([between.release(), held.release()]);
    await (await stage().run(polling)).release();
    await held.release();
    const busy = await there.acquire('b', OPTIONS);
    const refused = here.acquire(['a', 'b'], { ttl: '10s', wait: { retries: 2, delay: 20 } });
    const error = await stage().run(refused.catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(LockBusyError);
    expect(error).toMatchObject({ key: 'b' });
    expect((error as LockBusyError).waitedMs).toBeGreaterThanOrEqual(40);
    await busy.release();
  });

  it('stay for their holdAtLeast', async () => {
    const lock = await here.acquire(['a', 'b'], { ...OPTIONS, holdAtLeast: 300 });
    await lock.release();
    expect([await there.tryAcquire('a'), await there.tryAcquire('b')]).toEqual([null, null]);
    await stage().pass(350);
    expect(await there.tryAcquire(['a', 'b'])).not.toBeNull();
  });

  it.each([
    ['no key', []],
    ['an empty one among them', ['a', '']],
    ['something else among them', ['a', 42]],
    ['too many', Array.from({ length: 101 }, (_, i) => String(i))],
  ])('are refused where there is %s', async (_what, keys) => {
    // What an untyped caller may pass.
    const given = keys as string[];
    await expect(here.acquire(given)).rejects.toThrow(LockKeyError);
    await expect(here.withLock(given, () => 0)).rejects.toThrow(LockKeyError);
  });
});
