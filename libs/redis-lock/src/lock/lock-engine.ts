import { LockStoreError } from '../errors/lock-store.error.js';
import { atMost } from '../runtime/at-most.js';
import type { Clock, Timers } from '../runtime/clock.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { HandedOver, LockStore } from '../store/lock-store.interface.js';
import { READING, type Sharing } from '../store/sharing.js';
import { Acquisitions } from './acquisitions.js';
import { Attempts } from './attempts.js';
import { Downgrades } from './downgrades.js';
import { Entries } from './entries.js';
import { Extensions } from './extensions.js';
import { GiveBack } from './give-back.js';
import type { Hold } from './hold.js';
import { NotedTokens } from './noted-tokens.js';
import { LeaseKeeper } from './lease-keeper.js';
import { lockRequest, permitRequest, type EngineSettings, type LockRequest } from './lock-request.js';
import type { LockOptions, PermitOptions } from './lock-options.js';
import { ProcessDescription } from './process-description.js';
import { Releases } from './releases.js';
import { SeveralLocks } from './several-locks.js';
import { TokenSource } from './token-source.js';
import { UnderWay } from './under-way.js';
import type { AskedLock } from './waiting/asked-lock.js';
import { HandOff } from './waiting/hand-off.js';
import type { LineParts } from './waiting/line-parts.js';
import { LocalLocks } from './waiting/local-locks.js';
import { SharedLocks } from './waiting/shared-locks.js';

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
  readonly shared = new SharedLocks();
  readonly process: string;
  private readonly acquisitions: Acquisitions;
  private readonly releases: Releases;
  private readonly extensions: Extensions;
  private readonly downgrades: Downgrades;
  private readonly several: SeveralLocks;
  private readonly giveBack: GiveBack;
  private readonly handOff: HandOff;
  private readonly lineParts: LineParts;
  /** Released by force before their message found a hold of them: nobody may enter with them. */
  private readonly forced: NotedTokens;
  private readonly underWay = new UnderWay();
  private readonly description: ProcessDescription;
  /** Aborts when new callers are turned away; `closed` when those are as well whose section runs already. */
  private readonly closing = new AbortController();
  private readonly closed = new AbortController();
  private readonly defaults: LockRequest;

  constructor(private readonly parts: LockEngineParts) {
    const { random = Math.random, settings } = parts;
    const { underWay, locals, shared } = this;
    const forced = (this.forced = new NotedTokens(parts.clock));
    const tokens = new TokenSource();
    this.process = tokens.process;
    const keeper = (this.keeper = new LeaseKeeper(parts));
    const giveBack = (this.giveBack = new GiveBack(parts));
    const attempts = new Attempts({ ...parts, tokens, keeper, giveBack, underWay, forced });
    const entries = new Entries({ ...parts, keeper, attempts, underWay, forced });
    const kept = new NotedTokens(parts.clock);
    const releases = (this.releases = new Releases({ ...parts, keeper, giveBack, underWay, kept }));
    this.handOff = new HandOff({
      ...parts,
      entries,
      keeper,
      underWay,
      forced,
      surrender: (hold, local) => releases.surrender(hold, local),
    });
    this.extensions = new Extensions({ ...parts, keeper });
    this.lineParts = {
      ...parts,
      attempts,
      entries,
      tokens,
      random,
      returnUnused: (hold) => this.returnUnused(hold),
      underWay,
      isInUse: (key, token) =>
        keeper.uses(token) || locals.find(key)?.line?.isPassingOn(token) === true || shared.isPassingOn(key, token) || kept.has(token),
      takeBack: (key, token, leaseMs, sharing) => giveBack.cancel(key, token, leaseMs, sharing),
      leave: (key, token, sharing) => giveBack.leave(key, token, sharing),
      returnShare: (key, token, leaseMs, sharing) => giveBack.returnShare(key, token, leaseMs, sharing),
      keeper,
    };
    this.acquisitions = new Acquisitions({ ...this.lineParts, locals, shared });
    this.downgrades = new Downgrades({ ...parts, keeper, giveBack, underWay, forced });
    this.several = new SeveralLocks({ ...this.lineParts, forced, giveBack, locals });
    this.description = new ProcessDescription({ ...parts, keeper, waiting: () => this.waiting() });
    this.defaults = lockRequest({}, settings);
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

  /** The same for a permit of a semaphore. @throws LockOptionsError */
  permitRequest(options: PermitOptions): LockRequest {
    return permitRequest(options, this.parts.settings);
  }

  async open(): Promise<void> {
    await this.parts.store.open({
      process: this.process,
      onGranted: (key, grant) => this.onGranted(key, grant, this.locals.find(key)),
      onShared: (key, kind, grant) => this.onGranted(key, grant, this.shared.find(key, kind), kind),
      onOthersWait: (key) => this.locals.find(key)?.line?.turn.othersWait(this.clock.now().monotonic),
      onForced: (_key, token) => this.onForced(token),
    });
  }

  /**
   * Enters a lock, waiting as the request says.
   * @param nested the caller's own section runs already: it may still take what it needs to end when others are turned away
   * @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason
   */
  acquire(key: string, request: LockRequest, nested: boolean): Promise<Hold> {
    const entering = this.acquisitions.make(key, request, (nested ? this.closed : this.closing).signal);
    this.description.touch();
    return entering;
  }

  /** Enters several locks, all or none. As `acquire` otherwise. @param keys sorted, each once */
  acquireAll(keys: readonly string[], request: LockRequest, nested: boolean): Promise<Hold[]> {
    const gate = (nested ? this.closed : this.closing).signal;
    const entering = this.several.take(keys, request, gate, (key, one) => this.acquisitions.make(key, one, gate));
    this.description.touch();
    return entering;
  }

  /** Gives a hold up. @throws LockStoreError when the store did not answer within commandTimeout; it is then released in the background. */
  end(hold: Hold): Promise<'released' | 'lost'> {
    const { sharing } = hold.request;
    if (sharing !== undefined) return this.releases.end(hold, this.shared.findSame(hold.key, sharing));
    const local = this.locals.find(hold.key);
    if (local?.line !== undefined && this.handOff.passOn(local, hold)) return PASSED_ON;
    return this.releases.end(hold, local);
  }

  /** Sets a lease anew; false when it is lost. @throws LockStoreError */
  extend(hold: Hold, ttl: number): Promise<boolean> {
    return this.extensions.extend(hold, ttl);
  }

  /** Makes a reader of whoever holds a lock alone; false when it is lost. @throws LockStoreError; it is given up then */
  downgrade(hold: Hold, adopt: (reading: Hold) => void): Promise<boolean> {
    const local = this.locals.find(hold.key);
    return this.downgrades.downgrade(hold, this.shared.of(hold.key, READING), adopt).finally(() => local?.line?.advance());
  }

  /** Callers of this process that wait for a key, in whatever way. */
  callersWaiting(key: string): number {
    const lines = [this.locals.find(key)?.line, this.shared.find(key, 'read')?.line, this.shared.find(key, 'permit')?.line];
    return lines.reduce((sum, line) => sum + (line?.length ?? 0), 0);
  }

  /** Callers of this process that wait, by key. */
  waiting(): Map<string, number> {
    const waiting = new Map(this.locals.counts());
    for (const [key, callers] of this.shared.counts()) waiting.set(key, callers + (waiting.get(key) ?? 0));
    return waiting;
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
    this.shared.close();
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

  private onForced(token: string): void {
    const hold = this.keeper.find(token);
    if (hold !== undefined) hold.lose('forced');
    else this.forced.note(token, 2 * this.settings.commandTimeout);
  }

  /** Gives back a hold whose caller has gone. */
  private returnUnused(hold: Hold): void {
    const { sharing } = hold.request;
    const local = sharing === undefined ? this.locals.find(hold.key) : undefined;
    if (local?.line !== undefined && this.handOff.passOn(local, hold)) return;
    this.releases.returnUnused(hold, sharing === undefined ? local : this.shared.findSame(hold.key, sharing));
  }

  /** A token that stood in line owns the lock: where nobody here waits with it any more, it goes on to the next process. */
  private onGranted(key: string, grant: HandedOver, local: AskedLock | undefined, kind?: Sharing['kind']): void {
    if (local?.keepEarly(grant) === true) return;
    if (local?.line !== undefined) local.line.onGranted(grant);
    else if (!this.lineParts.isInUse(key, grant.token)) {
      // Which limit it was matters to nobody who gives it back.
      const sharing: Sharing | undefined = kind === 'permit' ? { kind, limit: 1 } : kind && READING;
      this.lineParts.takeBack(key, grant.token, undefined, sharing);
    }
  }
}
