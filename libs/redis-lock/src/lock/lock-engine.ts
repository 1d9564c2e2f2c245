import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import { onAbort } from '../runtime/abort-listeners.js';
import { atMost } from '../runtime/at-most.js';
import type { Clock, Instant, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { HandedOver, LockStore } from '../store/lock-store.interface.js';
import { Attempts, isHold, mayTryAgain } from './attempts.js';
import { Entries } from './entries.js';
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
import { HandOff } from './waiting/hand-off.js';
import type { LineParts } from './waiting/line-parts.js';
import type { LocalLock } from './waiting/local-lock.js';
import { LocalLocks } from './waiting/local-locks.js';
import { poll } from './waiting/polling.js';
import type { WaitRequest } from './waiting/wait-request.js';
import { WaitingLine } from './waiting/waiting-line.js';

/** Everything the engine gets from outside: several engines can run in one process, on any clock and any store. */
export interface LockEngineParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
  readonly settings: EngineSettings;
  readonly random?: () => number;
}

const PASSED_ON = Promise.resolve('released' as const);

/** Grants, waiting, renewal, release and shutdown of one process's locks. Knows no Nest and no Redis. */
export class LockEngine {
  readonly keeper: LeaseKeeper;
  readonly locals = new LocalLocks();
  readonly process: string;
  private readonly attempts: Attempts;
  private readonly releases: Releases;
  private readonly extensions: Extensions;
  private readonly giveBack: GiveBack;
  private readonly handOff: HandOff;
  private readonly lineParts: LineParts;
  private readonly underWay = new UnderWay();
  private readonly description: ProcessDescription;
  /** Aborts when new callers are turned away; `closed` when those are as well whose section runs already. */
  private readonly closing = new AbortController();
  private readonly closed = new AbortController();
  private readonly defaults: LockRequest;

  constructor(private readonly parts: LockEngineParts) {
    const { random = Math.random, settings } = parts;
    const { underWay, locals } = this;
    const tokens = new TokenSource();
    this.process = tokens.process;
    const keeper = (this.keeper = new LeaseKeeper(parts));
    const giveBack = (this.giveBack = new GiveBack(parts));
    const attempts = (this.attempts = new Attempts({ ...parts, tokens, keeper, giveBack, underWay }));
    const entries = new Entries({ ...parts, keeper, attempts, underWay });
    const releases = (this.releases = new Releases({ ...parts, keeper, giveBack, underWay, locals }));
    this.handOff = new HandOff({ ...parts, entries, keeper, underWay, surrender: (hold) => releases.surrender(hold) });
    this.extensions = new Extensions({ ...parts, keeper });
    // What a token of ours may still get ends by itself after that.
    const lapseMs = settings.maxTtl + 2 * settings.commandTimeout;
    this.lineParts = {
      ...parts,
      attempts,
      entries,
      tokens,
      random,
      returnUnused: (hold) => this.returnUnused(hold),
      isHeld: (token) => keeper.find(token) !== undefined,
      takeBack: (key, token) => giveBack.cancel(key, token, lapseMs),
      leave: (key, token) => giveBack.leave(key, token, lapseMs),
    };
    this.description = new ProcessDescription({ ...parts, keeper, locals });
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
      onGranted: (key, grant) => this.onGranted(key, grant),
      onOthersWait: (key) => this.locals.find(key)?.line?.turn.othersWait(this.clock.now().monotonic),
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
    const local = this.locals.find(hold.key);
    if (local?.line !== undefined && this.handOff.passOn(local, hold)) return PASSED_ON;
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
    this.locals.close();
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
    const local = this.locals.of(key);
    if (request.waitMs === 0) return this.tryOnce(local, request, since, gate);
    const wait = { key, request, since, gate };
    return local.isTaken ? this.join(local, wait) : this.abortable(this.ask(local, wait), request);
  }

  /** The first caller of this process asks at once; where the lock is busy, the same command puts it in line. */
  private async ask(local: LocalLock, wait: WaitRequest): Promise<Hold> {
    const { request, since, gate } = wait;
    let found;
    local.isAsking = true;
    try {
      found = await this.attempts.make(local, request, { queue: request.standing, sent: since });
      if (isHold(found)) {
        local.isAsking = false;
        return this.admit(found, gate);
      }
    } catch (error) {
      if (!mayTryAgain(error)) {
        local.isAsking = false;
        local.line?.advance();
        throw error;
      }
      found = error;
    }
    const line = (local.line ??= new WaitingLine(local, this.lineParts));
    // In front of those who came while it asked, before anything is granted.
    const turn = line.join(wait, 'first');
    local.isAsking = false;
    if (found instanceof LockStoreError) line.pauseAfter(found);
    else if (found.status === 'queued') line.standInLine(found, request);
    line.advance();
    return turn;
  }

  private join(local: LocalLock, wait: WaitRequest): Promise<Hold> {
    const { key, request } = wait;
    const line = (local.line ??= new WaitingLine(local, this.lineParts));
    if (line.length < this.settings.maxWaiters) return line.join(wait);
    const message = `The lock '${key}' has ${String(line.length)} callers of this process waiting already (maxWaiters).`;
    return Promise.reject(new LockBusyError(key, { waitedMs: 0, retryAfterMs: request.waitMs, message }));
  }

  private async tryOnce(local: LocalLock, request: LockRequest, since: Instant, gate: AbortSignal): Promise<Hold> {
    const { key, line } = local;
    if (line !== undefined && line.length > 0) throw line.storeError ?? new LockBusyError(key, { waitedMs: 0, retryAfterMs: 0 });
    const found = await this.abortable(this.attempts.make(local, request, { sent: since }), request);
    if (isHold(found)) return this.admit(found, gate);
    throw new LockBusyError(key, {
      waitedMs: Math.round(this.parts.clock.now().monotonic - since.monotonic),
      retryAfterMs: Math.ceil(found.leaseLeftMs ?? 0),
    });
  }

  /** A token that stood in line owns the lock: where nobody here waits with it any more, it goes on to the next process. */
  private onGranted(key: string, grant: HandedOver): void {
    const local = this.locals.find(key);
    if (local?.keepEarly(grant) === true) return;
    if (local?.line !== undefined) local.line.onGranted(grant);
    else if (!this.lineParts.isHeld(grant.token)) this.lineParts.takeBack(key, grant.token);
  }

  /** Gives back a hold whose caller has gone. */
  private returnUnused(hold: Hold): void {
    const local = this.locals.find(hold.key);
    if (local?.line === undefined || !this.handOff.passOn(local, hold)) this.releases.returnUnused(hold);
  }

  private acquireByPolling(key: string, request: LockRequest, schedule: RetrySchedule, gate: AbortSignal): Promise<Hold> {
    const local = this.locals.of(key);
    const polling = poll(key, request, schedule, { ...this.parts, attempts: this.attempts, local, gate });
    return this.abortable(
      polling.then((hold) => this.admit(hold, gate)),
      request,
    );
  }

  /** The last look before the caller enters: a grant that came after the caller was to be turned away is given back. */
  private admit(hold: Hold, gate: AbortSignal): Hold {
    if (!gate.aborted) return hold;
    this.returnUnused(hold);
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
      if (signal.aborted) work.then((late) => late instanceof Hold && this.returnUnused(late), ignore);
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
