import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import { onAbort } from '../runtime/abort-listeners.js';
import type { Instant } from '../runtime/clock.js';
import { isHold, mayTryAgain, type Answer } from './attempts.js';
import { Hold } from './hold.js';
import type { LockRequest } from './lock-request.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { LineParts } from './waiting/line-parts.js';
import type { AskedLock } from './waiting/asked-lock.js';
import type { LocalLocks } from './waiting/local-locks.js';
import { poll } from './waiting/polling.js';
import type { WaitRequest } from './waiting/wait-request.js';
import type { SharedLocks } from './waiting/shared-locks.js';

/** What acquisitions need. */
export interface AcquisitionParts extends LineParts {
  readonly locals: LocalLocks;
  readonly shared: SharedLocks;
}

/** How a caller comes to a hold: by one attempt, in line, or by polling; and how it gives up. */
export class Acquisitions {
  constructor(private readonly parts: AcquisitionParts) {}

  /** @param gate aborts when this caller is turned away @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason, the gate's */
  make(key: string, request: LockRequest, gate: AbortSignal): Promise<Hold> {
    const { retry, signal, sharing, waitMs } = request;
    // Whoever aborted chose the reason; it is passed on as it is.
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (gate.aborted) return Promise.reject(gate.reason as Error);
    const since = this.parts.clock.now();
    const local = sharing === undefined ? this.parts.locals.of(key) : this.parts.shared.of(key, sharing);
    if (retry !== undefined) return this.abortable(this.poll(local, request, retry, gate), request);
    if (waitMs === 0) return this.tryOnce(local, request, since, gate);
    const wait = { key, request, since, gate };
    return local.isTaken ? this.join(local, wait) : this.abortable(this.ask(local, wait), request);
  }

  /** The first caller of this process asks at once; where the lock is busy, the same command puts it in line. */
  private ask(local: AskedLock, wait: WaitRequest): Promise<Hold> {
    const { request, since, gate } = wait;
    local.isAsking = true;
    return this.parts.attempts.make(local, request, { queue: request.standing, sent: since }).then(
      (answer) => {
        if (!isHold(answer)) return this.joinInFront(local, wait, answer);
        local.isAsking = false;
        // Whoever shares it need not wait for this one to end.
        if (request.sharing !== undefined) local.line?.advance();
        return this.admit(answer, gate);
      },
      (error: unknown) => {
        if (mayTryAgain(error)) return this.joinInFront(local, wait, error);
        local.isAsking = false;
        local.line?.advance();
        throw error;
      },
    );
  }

  /** In front of those who came while it asked, before anything is granted to them. */
  private joinInFront(local: AskedLock, wait: WaitRequest, found: Exclude<Answer, Hold> | LockStoreError): Promise<Hold> {
    const line = local.openLine(this.parts);
    const turn = line.join(wait, 'first');
    local.isAsking = false;
    if (found instanceof LockStoreError) line.pauseAfter(found);
    else if (found.status === 'queued') line.standInLine(found, wait.request);
    line.advance();
    return turn;
  }

  private join(local: AskedLock, wait: WaitRequest): Promise<Hold> {
    const { key, request } = wait;
    const line = local.openLine(this.parts);
    if (line.length < this.parts.settings.maxWaiters) return line.join(wait);
    const message = `The lock '${key}' has ${String(line.length)} callers of this process waiting already (maxWaiters).`;
    return Promise.reject(new LockBusyError(key, { waitedMs: 0, retryAfterMs: request.waitMs, message }));
  }

  private async tryOnce(local: AskedLock, request: LockRequest, since: Instant, gate: AbortSignal): Promise<Hold> {
    const { attempts, clock } = this.parts;
    const { key, line } = local;
    if (line !== undefined && line.length > 0) throw line.storeError ?? new LockBusyError(key, { waitedMs: 0, retryAfterMs: 0 });
    const found = await this.abortable(this.outOfLine(local, attempts.make(local, request, { sent: since })), request);
    if (isHold(found)) return this.admit(found, gate);
    throw new LockBusyError(key, {
      waitedMs: Math.round(clock.now().monotonic - since.monotonic),
      retryAfterMs: Math.ceil(found.leaseLeftMs ?? 0),
    });
  }

  private poll(local: AskedLock, request: LockRequest, schedule: RetrySchedule, gate: AbortSignal): Promise<Hold> {
    const polling = poll(local.key, request, schedule, { ...this.parts, local, gate });
    return this.outOfLine(local, polling).then((hold) => this.admit(hold, gate));
  }

  /** Meanwhile nobody forgets that lock. */
  private outOfLine<T>(local: AskedLock, work: Promise<T>): Promise<T> {
    local.tries++;
    return work.finally(() => local.tries--);
  }

  /** The last look before the caller enters: a grant that came after the caller was to be turned away is given back. */
  private admit(hold: Hold, gate: AbortSignal): Hold {
    if (!gate.aborted) return hold;
    this.parts.returnUnused(hold);
    throw gate.reason;
  }

  /** Rejects as soon as the caller's signal aborts; a hold that comes after that is given back. */
  private abortable<T>(work: Promise<T>, { signal }: LockRequest): Promise<T> {
    return signal === undefined ? work : this.untilAborted(work, signal);
  }

  private async untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    let stopListening: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      stopListening = onAbort(signal, () => reject(signal.reason as Error)); // whoever aborted chose the reason; it is passed on as it is
    });
    try {
      return await Promise.race([work, aborted]);
    } catch (error) {
      if (signal.aborted) work.then((late) => late instanceof Hold && this.parts.returnUnused(late), ignore);
      throw error;
    } finally {
      stopListening?.();
    }
  }
}

/** Whoever waited for it is gone; what had to be reported has been. */
function ignore(): void {
  // nothing to do
}
