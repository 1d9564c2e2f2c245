import { parseDuration } from '../duration.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import type { RetryPolicy } from './lock-options.js';

/** When a poller tries again: the delay before each further attempt, in ms; undefined after the last. */
export interface RetrySchedule {
  delayBefore(attempt: number): number | undefined;
}

/** Timers cannot wait longer. */
const LONGEST_DELAY = 2_147_483_647;
const MOST_RETRIES = 10_000;

/** Checks a retry policy. @throws LockOptionsError */
export function retrySchedule(policy: RetryPolicy, random: () => number = Math.random): RetrySchedule {
  const { retries, backoff = 'fixed', jitter = 0 } = policy;
  if (!Number.isInteger(retries) || retries < 0 || retries > MOST_RETRIES) {
    throw new LockOptionsError(`wait.retries: write a whole number from 0 to ${String(MOST_RETRIES)}.`);
  }
  const grow = { fixed: () => 1, linear: (n: number) => n, exponential: (n: number) => 2 ** (n - 1) }[backoff] as
    ((n: number) => number) | undefined; // an untyped caller may name another
  if (grow === undefined) throw new LockOptionsError("wait.backoff: write 'fixed', 'linear' or 'exponential'.");
  if (!(jitter >= 0 && jitter <= 1)) throw new LockOptionsError('wait.jitter: write a share from 0 to 1.');
  const delay = parseDuration(policy.delay, 'wait.delay');
  return {
    delayBefore: (attempt) =>
      attempt > retries ? undefined : Math.min(delay * grow(attempt) * (1 + jitter * (random() - 0.5) * 2), LONGEST_DELAY),
  };
}
