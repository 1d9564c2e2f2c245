import { parseDuration } from '../duration.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import type { RetryPolicy } from './lock-options.js';

/** When a poller tries again: the delay before each further attempt, in ms; undefined after the last. */
export interface RetrySchedule {
  delayBefore(attempt: number): number | undefined;
  /** All delays together, jitter aside, in ms. */
  readonly totalMs: number;
}

/** Timers cannot wait longer. */
const LONGEST_DELAY = 2_147_483_647;
const MOST_RETRIES = 10_000;
const POLICY_NAMES: ReadonlySet<string> = new Set<keyof RetryPolicy>(['retries', 'delay', 'backoff', 'jitter']);
const GROWTH = new Map<unknown, (attempt: number) => number>([
  ['fixed', () => 1],
  ['linear', (attempt) => attempt],
  ['exponential', (attempt) => 2 ** (attempt - 1)],
]);

/** Checks a retry policy. @throws LockOptionsError */
export function retrySchedule(policy: RetryPolicy, random: () => number = Math.random): RetrySchedule {
  for (const name of Object.keys(policy)) {
    if (!POLICY_NAMES.has(name)) throw new LockOptionsError(`wait: unknown '${name}'. There are: ${[...POLICY_NAMES].join(', ')}.`);
  }
  const { retries, backoff = 'fixed', jitter = 0 } = policy;
  if (!Number.isInteger(retries) || retries < 0 || retries > MOST_RETRIES) {
    throw new LockOptionsError(`wait.retries: write a whole number from 0 to ${String(MOST_RETRIES)}.`);
  }
  const grow = GROWTH.get(backoff);
  if (grow === undefined) throw new LockOptionsError("wait.backoff: write 'fixed', 'linear' or 'exponential'.");
  if (!(jitter >= 0 && jitter <= 1)) throw new LockOptionsError('wait.jitter: write a share from 0 to 1.');
  const delay = parseDuration(policy.delay, 'wait.delay');
  const evenly = (attempt: number): number => Math.min(delay * grow(attempt), LONGEST_DELAY);
  return {
    delayBefore: (attempt) =>
      attempt > retries ? undefined : Math.min(evenly(attempt) * (1 + jitter * (random() - 0.5) * 2), LONGEST_DELAY),
    get totalMs() {
      let total = 0;
      for (let attempt = 1; attempt <= retries && total < LONGEST_DELAY; attempt++) total += evenly(attempt);
      return Math.min(total, LONGEST_DELAY);
    },
  };
}
