import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import { onAbort } from '../runtime/abort-listeners.js';
import { atMost } from '../runtime/at-most.js';
import type { Clock, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { LockStore } from '../store/lock-store.interface.js';
import { Attempts, isHold, mayTryAgain } from './attempts.js';
import { Extensions } from './extensions.js';
import { GiveBack } from './give-back.js';
import { Hold } from './hold.js';
import { LeaseKeeper } from './lease-keeper.js';
import { lockRequest, type EngineSettings, type LockRequest } from './lock-request.js';
import type { LockOptions } from './lock-options.js';
import type { RetrySchedule } from './retry-schedule.js';
import { ProcessDescription } from './process-description.js';
import { Releases } from './releases.js';
import { TokenSource } from './token-source.js';
import { UnderWay } from './under-way.js';
import { poll } from './waiting/polling.js';
import type { Waiting } from './waiting/waiting.interface.js';
import { WaitingLines } from './waiting/waiting-lines.js';

/** Everything the engine gets from outside: several engines can run in one process, on any clock and any store. */
export interface LockEngineParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
  readonly settings: EngineSettings;
  readonly random?: () => number;
}

/** Grants, waiting, renewal, release and shutdown of one process's locks. Knows no Nest and no Redis. */
export class LockEngine {
  readonly keeper: LeaseKeeper;
  readonly waiting: Waiting;
  readonly process: string;
  private readonly attempts: Attempts;
  private readonly releases: Releases;
  private readonly extensions: Extensions;
  private readonly giveBack: GiveBack;
  private readonly underWay = new UnderWay();
  private readonly description: ProcessDescription;
  /** Aborts when new callers are turned away; `closed` when those are as well whose section runs already. */
  private readonly closing = new AbortController();
  private readonly closed = new AbortController();
  private readonly defaults: LockRequest;

  constructor(private readonly parts: LockEngineParts) {
    const { clock, timers, random = Math.random, settings } = parts;
    const { underWay } = this;
    const tokens = new TokenSource();
    this.process = tokens.process;
    const keeper = (this.keeper = new LeaseKeeper(parts));
    const giveBack = (this.giveBack = new GiveBack(parts));
    const attempts = (this.attempts = new Attempts({ ...parts, tokens, keeper, giveBack, underWay }));
    const releases = (this.releases = new Releases({ ...parts, keeper, giveBack, underWay, onFreed: (key) => this.waiting.wake(key) }));
    this.extensions = new Extensions({ ...parts, keeper });
    this.waiting = new WaitingLines(
      { attempts, clock, timers, random, returnUnused: (hold) => releases.returnUnused(hold) },
      settings.maxWaiters,
    );
    this.description = new ProcessDescription({ ...parts, keeper, waiting: this.waiting });
    this.defaults = lockRequest({}, settings);
  }

  /** Aborts when this process has shut down. */
  get closedSignal(): AbortSignal {
    return this.closed.signal;
  }

  get settings(): EngineSettings {
    return this.parts.settings;
  }

  get clock(): Clock {
    return this.parts.clock;
  }

  get timers(): Timers {
    return this.parts.timers;
  }

  get store(): LockStore {
    return this.parts.store;
  }

  get log(): LockLog {
    return this.parts.log;
  }

  /** Checks options once, before anything is sent. @throws LockOptionsError */
  request(options: LockOptions | undefined): LockRequest {
    return options === undefined ? this.defaults : lockRequest(options, this.parts.settings);
  }

  async open(): Promise<void> {
    await this.parts.store.open({
      process: this.process,
      onWake: (key) => this.waiting.wake(key),
      onForced: (_key, token) => this.keeper.find(token)?.lose('forced'),
    });
  }

  /**
   * Enters a lock, waiting as the request says.
   * @param nested the caller's own section runs already: it may still take what it needs to end when others are turned away
   * @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason
   */
  acquire(key: string, request: LockRequest, nested: boolean): Promise<Hold> {
    const gate = (nested ? this.closed : this.closing).signal;
    const { retry } = request;
    const entering = retry === undefined ? this.acquireInLine(key, request, gate) : this.acquireByPolling(key, request, retry, gate);
    this.description.touch();
    return entering;
  }

  /** Gives a hold up. @throws LockStoreError when the store did not answer within commandTimeout; it is then released in the background. */
  end(hold: Hold): Promise<'released' | 'lost'> {
    return this.releases.end(hold);
  }

  /** Sets a lease anew; false when it is lost. @throws LockStoreError */
  extend(hold: Hold, ttl: number): Promise<boolean> {
    return this.extensions.extend(hold, ttl);
  }

  /** Turns away everybody whose section does not run already, and waits for what does. Whatever still runs then is lost to its owner. */
  async drain(): Promise<void> {
    const { timers, settings, log } = this.parts;
    this.closing.abort(new LockStoreError('This process is shutting down and takes no new locks.'));
    await atMost(timers, settings.shutdownTimeout, this.whenIdle());
    for (const hold of this.keeper.all()) {
      log.warn(`The lock '${hold.key}' is still held at the end of shutdownTimeout; it is no longer renewed.`);
      hold.lose('shutdown');
    }
  }

  async close(): Promise<void> {
    const reason = new LockStoreError('This process has shut down.');
    this.closing.abort(reason);
    this.closed.abort(reason);
    this.keeper.close();
    this.description.close();
    this.giveBack.close();
    await this.parts.store.close();
  }

  /** Nothing is held, no answer is outstanding and nothing has to be given back. Each of them may end in one of the others. */
  private async whenIdle(): Promise<void> {
    const { keeper, underWay, giveBack } = this;
    while (keeper.size + underWay.size + giveBack.size > 0) {
      await keeper.whenIdle();
      await underWay.whenNone();
      await giveBack.whenDone();
    }
  }

  private async acquireInLine(key: string, request: LockRequest, gate: AbortSignal): Promise<Hold> {
    request.signal?.throwIfAborted();
    gate.throwIfAborted();
    const since = this.parts.clock.now();
    const waits = request.waitMs > 0;
    if (this.waiting.callers(key) > 0) {
      if (waits) return this.waiting.wait({ key, request, since, gate }, undefined);
      throw this.waiting.trouble(key) ?? new LockBusyError(key, { waitedMs: 0, retryAfterMs: 0 });
    }
    let found;
    try {
      found = await this.abortable(this.attempts.make(key, request, waits, since), request);
      if (isHold(found)) return this.admit(found, gate);
    } catch (error) {
      if (!mayTryAgain(error) || !waits) throw error;
      found = error;
    }
    if (waits) return this.waiting.wait({ key, request, since, gate }, found);
    const leaseLeftMs = found instanceof LockStoreError ? 0 : (found.leaseLeftMs ?? 0);
    throw new LockBusyError(key, {
      waitedMs: Math.round(this.parts.clock.now().monotonic - since.monotonic),
      retryAfterMs: Math.ceil(leaseLeftMs),
    });
  }

  private acquireByPolling(key: string, request: LockRequest, schedule: RetrySchedule, gate: AbortSignal): Promise<Hold> {
    const { attempts, waiting } = this;
    const polling = poll(key, request, schedule, { ...this.parts, attempts, waiting, gate });
    return this.abortable(
      polling.then((hold) => this.admit(hold, gate)),
      request,
    );
  }

  /** The last look before the caller enters: a grant that came after the caller was to be turned away is given back. */
  private admit(hold: Hold, gate: AbortSignal): Hold {
    if (!gate.aborted) return hold;
    this.releases.returnUnused(hold);
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
      if (signal.aborted) work.then((late) => late instanceof Hold && this.releases.returnUnused(late), ignore);
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
