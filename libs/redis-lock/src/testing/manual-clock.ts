import { setImmediate } from 'node:timers';
import { parseDuration, type Duration } from '../duration.js';
import type { Clock, Instant, Timer, Timers } from '../runtime/clock.js';
import { outside } from '../runtime/outside.js';
import { TimerQueue } from './timer-queue.js';

// Taken once: fake timers that a test installs later must not stop this clock.
const nextTurn = setImmediate;
/** Promises settle within one turn of the event loop; code of the test's own that yields in between gets a few more. */
const TURNS = 4;
const MOST_AT_ONE_INSTANT = 1_000;
const DEFAULT_START = Date.UTC(2025, 0, 1);

/**
 * Time that passes only when a test says so. It drives leases, renewals, waits and retries of a {@link TestingLockServer}; whatever comes due on the way
 * happens in its order, each with everything that follows from it.
 *
 * ```ts
 * const clock = new ManualClock();
 * const server = new TestingLockServer({ clock });
 * const waiting = service.reserve('42');   // another process holds the lock
 * await clock.advance('5s');               // the wait is over
 * await expect(waiting).rejects.toThrow(LockBusyError);
 * ```
 */
export class ManualClock implements Clock, Timers {
  private readonly queue = new TimerQueue();
  private monotonic = 0;
  private wall: number;

  /** @param start what the wall clock shows at first. Default 2025-01-01T00:00:00Z */
  constructor(start: Date | number = DEFAULT_START) {
    this.wall = Number(start);
  }

  /** What both clocks show, in ms. */
  now(): Instant {
    return { monotonic: this.monotonic, wall: this.wall };
  }

  /** Timers that have not come due. */
  get pending(): number {
    return this.queue.size;
  }

  /** Sets a timer; the engine does. One that is due at once needs no {@link advance}. */
  after(ms: number, run: () => void): Timer {
    const cancel = this.queue.add(this.monotonic + Math.max(0, ms), run);
    if (ms <= 0) nextTurn(() => this.fire(this.monotonic));
    return { cancel };
  }

  /** Runs something at this instant, after what is under way; the engine asks for it. */
  soon(run: () => void): void {
    this.after(0, run);
  }

  /**
   * Lets time pass. Resolves when all that came due has happened and everything that follows from it without more time has settled.
   * @param duration for instance `'10s'`, or ms
   * @throws LockOptionsError when it is not a duration
   */
  async advance(duration: Duration): Promise<void> {
    const target = this.monotonic + parseDuration(duration, 'advance');
    await this.settle();
    for (let due = this.queue.nextAt; due <= target; due = this.queue.nextAt) {
      this.moveTo(due);
      this.fire(due);
      await this.settle();
    }
    this.moveTo(target);
  }

  /**
   * Lets just as much time pass as it takes until some work settles, and returns what it settled with.
   * @param limit the most time to let pass. Default `'1h'`
   * @throws what the work throws, and an Error when it has not settled within `limit`
   */
  async run<T>(work: Promise<T>, limit: Duration = '1h'): Promise<T> {
    const until = this.monotonic + parseDuration(limit, 'limit');
    const watched = { settled: false };
    const onSettled = (): void => void (watched.settled = true);
    work.then(onSettled, onSettled);
    await this.settle();
    while (!watched.settled) {
      const due = this.queue.nextAt;
      if (due > until) throw new Error(`The work has not settled, and would not within ${String(limit)} of this clock's time.`);
      this.moveTo(due);
      this.fire(due);
      await this.settle();
    }
    return work;
  }

  /** Resolves when that much time has passed here: work of a test's own that takes a while. */
  sleep(duration: Duration): Promise<void> {
    const ms = parseDuration(duration, 'sleep');
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Resolves when everything that needs no more time has happened. */
  async settle(): Promise<void> {
    for (let turn = 0, fired = 0; turn < TURNS; turn++) {
      await new Promise<void>((resolve) => nextTurn(resolve));
      if (!this.fire(this.monotonic)) continue;
      if (++fired > MOST_AT_ONE_INSTANT) throw new Error('Timers that are due at once are set over and over: time could never pass.');
      turn = -1;
    }
  }

  /** As when the machine sleeps: the wall clock goes on, no timer runs, and the monotonic clock stands still. */
  suspend(duration: Duration): void {
    this.wall += parseDuration(duration, 'suspend');
  }

  /** As when somebody sets the machine's clock. @param ms negative to set it back */
  stepWallClock(ms: number): void {
    this.wall += ms;
  }

  /** Runs the next timer that is due by then; false where there is none. */
  private fire(until: number): boolean {
    const run = this.queue.takeDue(until);
    if (run === undefined) return false;
    // Not in the async context of whoever moves the clock, as with the machine's timers.
    outside(run);
    return true;
  }

  private moveTo(monotonic: number): void {
    // What runs meanwhile may move the clock as well.
    const ms = Math.max(0, monotonic - this.monotonic);
    this.monotonic += ms;
    this.wall += ms;
  }
}
