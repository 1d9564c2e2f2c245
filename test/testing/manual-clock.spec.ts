import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { LockOptionsError } from 'nestjs-redis-lock';
import { ManualClock } from 'nestjs-redis-lock/testing';

describe('ManualClock', () => {
  let clock: ManualClock;
  let fired: string[];

  beforeEach(() => {
    clock = new ManualClock();
    fired = [];
  });

  function set(ms: number, name: string): { cancel(): void } {
    return clock.after(ms, () => fired.push(`${name}@${String(clock.now().monotonic)}`));
  }

  it('fires timers in the order they are due, at their own time, and those due together in the order they were set', async () => {
    set(30, 'c');
    set(10, 'a');
    set(20, 'b1');
    set(20, 'b2');
    set(31, 'later');

    await clock.advance(30);
    expect(fired).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30']);
    expect(clock.pending).toBe(1);
    expect(clock.now().monotonic).toBe(30);
  });

  it('fires what a timer set on its way, and promises settle before the next timer', async () => {
    clock.after(10, () => {
      set(5, 'nested');
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => fired.push('promise'));
    });
    set(12, 'next');

    await clock.advance(20);
    expect(fired).toEqual(['promise', 'next@12', 'nested@15']);
  });

  it('does not fire what was cancelled, also when cancelled by a timer that is due at the same time', async () => {
    const first = set(10, 'first');
    clock.after(20, () => second.cancel());
    const second = set(20, 'second');
    first.cancel();
    first.cancel();

    await clock.advance('1s');
    expect(fired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('fires a timer that is due at once without being moved', async () => {
    await new Promise<void>((resolve) => clock.after(0, resolve));
    await new Promise<void>((resolve) => clock.after(-5, resolve));
    expect(clock.now().monotonic).toBe(0);
  });

  it('moves both of its clocks, and each alone', async () => {
    clock = new ManualClock(new Date(1_000));
    expect(clock.now()).toEqual({ monotonic: 0, wall: 1_000 });
    await clock.advance('2s');
    expect(clock.now()).toEqual({ monotonic: 2_000, wall: 3_000 });
    clock.suspend('10s');
    expect(clock.now()).toEqual({ monotonic: 2_000, wall: 13_000 });
    clock.stepWallClock(-500);
    expect(clock.now()).toEqual({ monotonic: 2_000, wall: 12_500 });
  });

  it('starts at the same time in every run', () => {
    expect(new Date(clock.now().wall).toISOString()).toBe('2025-01-01T00:00:00.000Z');
  });

  it('runs work just as far as it has to, and returns or throws what that does', async () => {
    const work = async (): Promise<string> => {
      await clock.sleep('1s');
      await clock.sleep('2s');
      return 'done';
    };
    expect(await clock.run(work())).toBe('done');
    expect(clock.now().monotonic).toBe(3_000);

    const failure = new Error('failed');
    await expect(clock.run(clock.sleep(5).then(() => Promise.reject(failure)))).rejects.toBe(failure);
    expect(clock.now().monotonic).toBe(3_005);
  });

  it('says when work would not settle in time, or never', async () => {
    await expect(clock.run(clock.sleep('2h'))).rejects.toThrow('within 1h');
    await expect(clock.run(clock.sleep('2h'), '1m')).rejects.toThrow('within 1m');
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('has not settled');
  });

  it('says so when timers that are due at once are set without end', async () => {
    let goesOn = true;
    const again = (): void => {
      if (goesOn) clock.after(0, again);
    };
    again();
    await expect(clock.settle()).rejects.toThrow('time could never pass');
    goesOn = false;
  });

  it('can be moved from within what it runs', async () => {
    const inner = async (): Promise<void> => {
      await clock.advance(50);
      fired.push(`inner@${String(clock.now().monotonic)}`);
    };
    clock.after(10, () => void inner());
    set(100, 'outer');
    await clock.advance(100);
    expect(fired).toEqual(['inner@60', 'outer@100']);
    expect(clock.now().monotonic).toBe(100);
  });

  it('takes durations as the rest of the package does', async () => {
    // @ts-expect-error No such unit.
    await expect(clock.advance('10 sec')).rejects.toThrow(LockOptionsError);
    await expect(clock.advance(-1)).rejects.toThrow(LockOptionsError);
  });

  it('runs timers outside the async context of whoever moves it', async () => {
    const context = new AsyncLocalStorage<string>();
    let seen: string | undefined = 'not run';
    clock.after(10, () => (seen = context.getStore()));
    await context.run('a request', () => clock.advance(10));
    expect(seen).toBeUndefined();
  });

  it('is not stopped by fake timers', async () => {
    jest.useFakeTimers();
    try {
      set(10, 'a');
      await clock.advance(10);
      expect(fired).toEqual(['a@10']);
    } finally {
      jest.useRealTimers();
    }
  });
});
