import type { Clock, Instant, Timer, Timers } from './clock.js';
import { outside } from './outside.js';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: (): Instant => ({ monotonic: performance.now(), wall: Date.now() }),
};

/** Node's timers. */
export class SystemTimers implements Timers {
  after(ms: number, run: () => void, options: { background?: boolean } = {}): Timer {
    const handle = outside(() => setTimeout(run, ms));
    if (options.background === true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }

  soon(run: () => void): void {
    outside(() => setImmediate(run));
  }
}
