import { AsyncResource } from 'node:async_hooks';
import type { Clock, Instant, Timer, Timers } from './clock.js';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: (): Instant => ({ monotonic: performance.now(), wall: Date.now() }),
};

/** Node's timers, set outside the caller's async context: a timer of ours must not keep a request's context alive. */
export class SystemTimers implements Timers {
  private readonly outside = new AsyncResource('RedisLockTimers', { requireManualDestroy: true });

  after(ms: number, run: () => void, options: { background?: boolean } = {}): Timer {
    const handle = this.outside.runInAsyncScope(() => setTimeout(run, ms));
    if (options.background === true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}
