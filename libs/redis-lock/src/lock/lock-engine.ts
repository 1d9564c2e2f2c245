import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { Clock, Instant, Timer, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { LockStore } from '../store/lock-store.interface.js';
import { Attempts, isHold } from './attempts.js';
import { GiveBack } from './give-back.js';
import { Hold } from './hold.js';
import { LeaseKeeper } from './lease-keeper.js';
import { lockRequest, type EngineSettings, type LockRequest } from './lock-request.js';
import type { LockOptions } from './lock-options.js';
import type { RetrySchedule } from './retry-schedule.js';
import { ProcessDescription } from './process-description.js';
import { TokenSource } from './token-source.js';
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
  private readonly giveBack: GiveBack;
  private readonly description: ProcessDescription;
  private readonly closing = new AbortController();
  private readonly defaults: LockRequest;
  private isClosed = false;

  constructor(private readonly parts: LockEngineParts) {
    const { clock, timers, random = Math.random, settings } = parts;
    const tokens = new TokenSource();
    this.process = tokens.process;
    this.keeper = new LeaseKeeper(parts);
    this.giveBack = new GiveBack(parts);
    this.attempts = new Attempts({ ...parts, tokens, keeper: this.keeper, giveBack: this.giveBack });
    this.waiting = new WaitingLines(
      { attempts: this.attempts, clock, timers, random, returnUnused: (hold) => this.returnUnused(hold) },
      settings.maxWaiters,
    );
    this.description = new ProcessDescription({ ...parts, keeper: this.keeper, waiting: this.waiting });
    this.defaults = lockRequest({}, settings);
  }

  get isClosing(): boolean {
    return this.closing.signal.aborted;
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

  /** Enters a lock, waiting as the request says. @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason */
  acquire(key: string, request: LockRequest): Promise<Hold> {
    const entering =
      request.retry === undefined ? this.acquireInLine(key, request) : this.abortable(this.poll(key, request, request.retry), request);
    this.description.touch();
    return entering;
  }

  /** Gives a hold up. @throws LockStoreError when the store did not answer within commandTimeout; it is then released in the background. */
  async end(hold: Hold): Promise<'released' | 'lost'> {
    const { store, clock } = this.parts;
    const { key, token } = hold;
    const now = clock.now();
    if (!hold.isHeldAt(now)) {
      this.keeper.forget(hold);
      this.releaseLost(hold);
      return 'lost';
    }
    try {
      const answer = store.release(key, token, hold.keepMs(now));
      // The rest is done while the store is at work.
      hold.endAsReleased();
      this.keeper.forget(hold);
      if (await answer) return 'released';
      hold.releasedTooLate();
      return 'lost';
    } catch (error) {
      await this.persistRelease(hold, now, error);
      return 'released';
    } finally {
      this.waiting.wake(key);
    }
  }

  /** Sets a lease anew. @throws LockLostError through `hold`, LockStoreError */
  async extend(hold: Hold, ttl: number): Promise<boolean> {
    const { store, clock } = this.parts;
    const sent = clock.now();
    const leaseMs = hold.leaseToAsk(ttl, sent);
    const extension = hold.beginExtension(sent, leaseMs);
    hold.ttl = ttl;
    if (hold.request.renew) hold.renewAt = sent.monotonic + ttl / 3;
    this.keeper.scheduleFor(hold);
    const held = await store.extend({ key: hold.key, token: hold.token, leaseMs });
    if (!held) hold.lose('taken');
    else hold.confirm(sent, leaseMs, extension);
    this.keeper.scheduleFor(hold);
    return hold.isHeld;
  }

  /** Turns away everybody who does not hold anything, and waits for what runs. Whatever still runs then is lost to its owner. */
  async drain(): Promise<void> {
    const reason = new LockStoreError('This process is shutting down and takes no new locks.');
    this.closing.abort(reason);
    this.waiting.rejectAll(reason);
    await this.atMost(
      this.parts.settings.shutdownTimeout,
      this.keeper.whenIdle().then(() => this.giveBack.whenDone()),
    );
    for (const hold of [...this.keeper.all()]) {
      this.parts.log.warn(`The lock '${hold.key}' is still held at the end of shutdownTimeout; it is no longer renewed.`);
      hold.lose('shutdown');
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.waiting.rejectAll(new LockStoreError('This process has shut down.'));
    this.keeper.close();
    this.description.close();
    this.giveBack.close();
    await this.parts.store.close();
  }

  /** Turns away a caller. */
  rejectClosing(): Promise<never> {
    return Promise.reject(this.closing.signal.reason as Error); // `drain` gave the reason
  }

  /** @throws the reason why new callers are turned away */
  assertOpen(): void {
    this.closing.signal.throwIfAborted();
  }

  private async acquireInLine(key: string, request: LockRequest): Promise<Hold> {
    request.signal?.throwIfAborted();
    const since = this.parts.clock.now();
    const waits = request.waitMs > 0;
    const wasOpen = !this.closing.signal.aborted;
    if (this.waiting.callers(key) > 0) {
      if (waits) return this.waiting.wait({ key, request, since }, undefined);
      throw this.waiting.trouble(key) ?? new LockBusyError(key, { waitedMs: 0, retryAfterMs: 0 });
    }
    let found;
    try {
      found = await this.abortable(this.attempts.make(key, request, waits, since), request);
      if (isHold(found)) {
        if (wasOpen && this.isClosing) {
          this.returnUnused(found);
          this.assertOpen();
        }
        return found;
      }
    } catch (error) {
      if (!(error instanceof LockStoreError) || !waits) throw error;
      found = error;
    }
    // The shutdown began while the attempt was under way, and did not find this caller in line.
    if (wasOpen || this.isClosed) this.assertOpen();
    if (waits) return this.waiting.wait({ key, request, since }, found);
    const leaseLeftMs = found instanceof LockStoreError ? 0 : (found.leaseLeftMs ?? 0);
    throw new LockBusyError(key, {
      waitedMs: Math.round(this.parts.clock.now().monotonic - since.monotonic),
      retryAfterMs: Math.ceil(leaseLeftMs),
    });
  }

  private poll(key: string, request: LockRequest, schedule: RetrySchedule): Promise<Hold> {
    const { clock, timers } = this.parts;
    return poll(key, request, schedule, {
      attempts: this.attempts,
      clock,
      timers,
      hasLine: (name) => this.waiting.callers(name) > 0,
      trouble: (name) => this.waiting.trouble(name),
      closing: this.closing.signal,
    });
  }

  /** Rejects as soon as the caller's signal aborts; a hold that comes after that is given back. */
  private abortable<T>(work: Promise<T>, { signal }: LockRequest): Promise<T> {
    return signal === undefined ? work : this.untilAborted(work, signal);
  }

  private async untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error); // whoever aborted chose the reason; it is passed on as it is
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, aborted]);
    } catch (error) {
      if (signal.aborted) work.then((late) => late instanceof Hold && this.returnUnused(late), ignore);
      throw error;
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    }
  }

  private returnUnused(hold: Hold): void {
    this.end(hold).catch(ignore);
  }

  /** It may still be ours on the server, where our clocks are ahead of it; its owner check makes the release harmless. */
  private releaseLost(hold: Hold): void {
    if (hold.lossReason === 'taken' || hold.lossReason === 'forced') return;
    void this.giveBack.release(hold.key, hold.token, this.parts.settings.commandTimeout, () => hold.keepMs(this.parts.clock.now()));
  }

  private async persistRelease(hold: Hold, since: Instant, cause: unknown): Promise<void> {
    const { clock, settings } = this.parts;
    const released = this.giveBack.release(hold.key, hold.token, hold.leftMs(since), () => hold.keepMs(clock.now()));
    const patience = settings.commandTimeout - (clock.now().monotonic - since.monotonic);
    if (patience > 0 && (await this.atMost(patience, released)) === true) return;
    throw new LockStoreError(`The release of '${hold.key}' was not answered; it goes on in the background until the lease ends.`, {
      key: hold.key,
      cause,
    });
  }

  private async atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    let timer: Timer | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = this.parts.timers.after(ms, () => resolve(undefined), { background: true });
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }
}

/** Whoever waited for it is gone; what had to be reported has been. */
function ignore(): void {
  // nothing to do
}
