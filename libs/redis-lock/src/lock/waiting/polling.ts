import { LockBusyError } from '../../errors/lock-busy.error.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import type { Clock, Instant, Timers } from '../../runtime/clock.js';
import { isHold, type Attempts, type Busy } from '../attempts.js';
import type { Hold } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import type { RetrySchedule } from '../retry-schedule.js';

/** What polling needs. */
export interface PollingParts {
  readonly attempts: Attempts;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Whether callers of this process stand in line for the key: a poller never overtakes them. */
  readonly hasLine: (key: string) => boolean;
  /** Why they still stand there, where it is the store. */
  readonly trouble: (key: string) => LockStoreError | undefined;
  /** Aborts when new callers are turned away. */
  readonly closing: AbortSignal;
}

/** Attempts at the times of a retry policy, outside the line. @throws LockBusyError, LockStoreError, the signal's reason */
export async function poll(key: string, request: LockRequest, schedule: RetrySchedule, parts: PollingParts): Promise<Hold> {
  request.signal?.throwIfAborted();
  const since = parts.clock.now();
  const signal = request.signal === undefined ? parts.closing : AbortSignal.any([request.signal, parts.closing]);
  for (let attempt = 1; ; attempt++) {
    const found = await look(key, request, parts);
    if (!('busy' in found)) return found.hold;
    const delay = schedule.delayBefore(attempt);
    if (delay === undefined) throw verdict(key, found.busy, since, parts.clock);
    await sleep(delay, signal, parts.timers);
  }
}

async function look(key: string, request: LockRequest, parts: PollingParts): Promise<{ hold: Hold } | { busy: Busy | LockStoreError }> {
  if (parts.hasLine(key)) return { busy: parts.trouble(key) ?? { leaseLeftMs: undefined } };
  try {
    const answer = await parts.attempts.make(key, request, false);
    return isHold(answer) ? { hold: answer } : { busy: answer };
  } catch (error) {
    if (error instanceof LockStoreError) return { busy: error };
    throw error;
  }
}

function verdict(key: string, found: Busy | LockStoreError, since: Instant, clock: Clock): Error {
  if (found instanceof LockStoreError) return found;
  const waitedMs = Math.round(clock.now().monotonic - since.monotonic);
  return new LockBusyError(key, { waitedMs, retryAfterMs: Math.ceil(found.leaseLeftMs ?? 0) });
}

function sleep(ms: number, signal: AbortSignal, timers: Timers): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      // Whoever aborted chose the reason; it is passed on as it is.
      reject(signal.reason as Error);
    };
    const timer = timers.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
