import type { Timer, Timers } from './clock.js';

/** Waits for some work, but no longer than that; undefined when it took too long. The process stays alive meanwhile. */
export async function atMost<T>(timers: Timers, ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = timers.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
