import { LockBusyError } from '../../errors/lock-busy.error.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import { onAbort } from '../../runtime/abort-listeners.js';
import type { Clock, Instant, Timers } from '../../runtime/clock.js';
import { isHold, mayTryAgain, type Attempts, type Busy } from '../attempts.js';
import type { Hold } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import type { RetrySchedule } from '../retry-schedule.js';
import type { AskedLock } from './asked-lock.js';

/** What polling needs. */
export interface PollingParts {
  readonly attempts: Attempts;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Its callers in line are never overtaken. */
  readonly local: AskedLock;
  /** Aborts when this caller is turned away. */
  readonly gate: AbortSignal;
}

const BUSY: Busy = { status: 'busy', leaseLeftMs: undefined };

/** Attempts at the times of a retry policy, outside the line. @throws LockBusyError, LockStoreError, the signal's reason, the gate's */
export async function poll(key: string, request: LockRequest, schedule: RetrySchedule, parts: PollingParts): Promise<Hold> {
  const signals = request.signal === undefined ? [parts.gate] : [request.signal, parts.gate];
  const since = parts.clock.now();
  for (let attempt = 1; ; attempt++) {
    for (const signal of signals) signal.throwIfAborted();
    const found = await look(request, parts);
    if (!('busy' in found)) return found.hold;
    const delay = schedule.delayBefore(attempt);
    if (delay === undefined) throw verdict(key, found.busy, since, parts.clock);
    await sleep(delay, signals, parts.timers);
  }
}

async function look(request: LockRequest, parts: PollingParts): Promise<{ hold: Hold } | { busy: Busy | LockStoreError }> {
  const { attempts, local } = parts;
  if ((local.line?.length ?? 0) > 0) return { busy: local.line?.storeError ?? BUSY };
  try {
    const answer = await attempts.make(local, request, {});
    return isHold(answer) ? { hold: answer } : { busy: answer.status === 'busy' ? answer : BUSY };
  } catch (error) {
    if (mayTryAgain(error)) return { busy: error };
    throw error;
  }
}

function verdict(key: string, found: Busy | LockStoreError, since: Instant, clock: Clock): Error {
  if (found instanceof LockStoreError) return found;
  const waitedMs = Math.round(clock.now().monotonic - since.monotonic);
  return new LockBusyError(key, { waitedMs, retryAfterMs: Math.ceil(found.leaseLeftMs ?? 0) });
}

/** Ends early when a signal aborts; whoever calls looks at them. */
export function sleep(ms: number, signals: readonly AbortSignal[], timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some(({ aborted }) => aborted)) {
      resolve();
      return;
    }
    const wake = (): void => {
      timer.cancel();
      for (const stop of stopListening) stop();
      resolve();
    };
    const timer = timers.after(ms, wake);
    const stopListening = signals.map((signal) => onAbort(signal, wake));
  });
}
