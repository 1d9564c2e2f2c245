import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { Clock, Instant, Timers } from '../runtime/clock.js';
import type { GrantAllReply, LockStore } from '../store/lock-store.interface.js';
import { mayTryAgain } from './attempts.js';
import type { GiveBack } from './give-back.js';
import { Hold } from './hold.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { LockRequest } from './lock-request.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { NotedTokens } from './noted-tokens.js';
import type { TokenSource } from './token-source.js';
import type { UnderWay } from './under-way.js';
import type { LocalLocks } from './waiting/local-locks.js';
import { sleep } from './waiting/polling.js';

/** What taking several locks needs. */
export interface SeveralLocksParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly tokens: TokenSource;
  readonly keeper: LeaseKeeper;
  readonly giveBack: GiveBack;
  readonly underWay: UnderWay;
  readonly forced: NotedTokens;
  readonly locals: LocalLocks;
  /** Gives back a lock that nobody entered. Never rejects. */
  readonly returnUnused: (hold: Hold) => void;
}

/** Takes one lock, waiting as the request says. */
export type TakeOne = (key: string, request: LockRequest) => Promise<Hold>;

/**
 * Several locks at once, all or none. Where all are free and lie together, by one command; else one after the other, always in the order of
 * their bytes: callers who name the same keys in other orders never wait for each other in a circle.
 */
export class SeveralLocks {
  constructor(private readonly parts: SeveralLocksParts) {}

  /**
   * @param keys sorted, each once
   * @param gate aborts when this caller is turned away
   * @throws LockBusyError, LockStoreError, LockOptionsError, the signal's reason, the gate's
   */
  async take(keys: readonly string[], request: LockRequest, gate: AbortSignal, takeOne: TakeOne): Promise<Hold[]> {
    throwIfAborted(request, gate);
    const holds = await (request.retry === undefined
      ? this.tryAndWait(keys, request, takeOne)
      : this.poll(keys, request, request.retry, gate, takeOne));
    try {
      throwIfAborted(request, gate);
    } catch (reason) {
      this.undo(holds);
      throw reason;
    }
    return holds;
  }

  /** All of them are tried at the times of the policy, and none is kept in between. */
  private async poll(
    keys: readonly string[],
    request: LockRequest,
    schedule: RetrySchedule,
    gate: AbortSignal,
    takeOne: TakeOne,
  ): Promise<Hold[]> {
    const { clock, timers } = this.parts;
    const since = clock.now();
    const signals = request.signal === undefined ? [gate] : [request.signal, gate];
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.tryAndWait(keys, { ...request, waitMs: 0, retry: undefined }, takeOne);
      } catch (error) {
        const delay = schedule.delayBefore(attempt);
        if (!(error instanceof LockBusyError || mayTryAgain(error)) || delay === undefined) {
          throw error instanceof LockBusyError ? this.busySince(since, error) : error;
        }
        await sleep(delay, signals, timers);
        throwIfAborted(request, gate);
      }
    }
  }

  private async tryAndWait(keys: readonly string[], request: LockRequest, takeOne: TakeOne): Promise<Hold[]> {
    const since = this.parts.clock.now();
    if (request.sharing === undefined && request.replicas === undefined && keys.every((key) => this.isQuiet(key))) {
      const holds = await this.takeTogether(keys, request, since).catch((error: unknown) => {
        // Who is willing to wait stands in line for them: the store may be back in time.
        if (request.waitMs === 0 || !mayTryAgain(error)) throw error;
        return undefined;
      });
      if (holds !== undefined) return holds;
    }
    return this.takeInOrder(keys, request, since, takeOne);
  }

  private isQuiet(key: string): boolean {
    const local = this.parts.locals.find(key);
    return !local?.isTaken;
  }

  /** Undefined where that cannot be done now: whoever waits is not overtaken. */
  private async takeTogether(keys: readonly string[], request: LockRequest, sent: Instant): Promise<Hold[] | undefined> {
    const { store, clock, tokens, keeper, forced, locals, underWay } = this.parts;
    const { leaseMs } = request;
    const claims = keys.map((key) => ({ key, token: tokens.next() }));
    let reply: GrantAllReply;
    underWay.begin();
    try {
      reply = await store.grantAll({ claims, leaseMs, sent });
    } catch (error) {
      this.takeBack(claims, leaseMs);
      throw error;
    } finally {
      underWay.end();
    }
    if (reply.status !== 'granted') return undefined;
    const entered = clock.now();
    const { fences } = reply;
    const holds = claims.map(({ key, token }, i) => {
      const owner = locals.of(key);
      return new Hold({ key, token, fence: fences[i] ?? NaN, request, sent, entered, leaseMs, owner }, clock);
    });
    if (!holds.every((hold) => hold.isHeldAt(entered) && !forced.has(hold.token))) {
      this.takeBack(claims, leaseMs);
      throw new LockStoreError(`The grant of '${keys.join("', '")}' arrived after its lease had ended; it was given back.`);
    }
    for (const hold of holds) {
      locals.of(hold.key).onEntered(hold);
      keeper.watch(hold, entered);
    }
    return holds;
  }

  private async takeInOrder(keys: readonly string[], request: LockRequest, since: Instant, takeOne: TakeOne): Promise<Hold[]> {
    const { clock } = this.parts;
    let lastFault: Error | undefined;
    for (;;) {
      const holds: Hold[] = [];
      try {
        for (const key of keys) {
          const waited = clock.now().monotonic - since.monotonic;
          const patient = { ...request, waitMs: Math.max(0, request.waitMs - waited) };
          holds.push(await takeOne(key, whileWaiting(patient)));
        }
        const fault = await this.enterAll(holds, request);
        if (fault === undefined) return holds;
        lastFault = fault === 'lost' ? undefined : fault;
      } catch (error) {
        this.undo(holds);
        throw error instanceof LockBusyError ? this.busySince(since, error) : error;
      }
      // One of them was lost before the last could be had, or nobody knows.
      this.undo(holds);
      const waitedMs = Math.round(clock.now().monotonic - since.monotonic);
      if (waitedMs >= request.waitMs) throw lastFault ?? new LockBusyError(keys.join(', '), { waitedMs, retryAfterMs: 0 });
    }
  }

  /** All have the whole lease from here on. Otherwise returns why not: one of them is lost, or its answer is not known. */
  private async enterAll(holds: readonly Hold[], request: LockRequest): Promise<'lost' | LockStoreError | undefined> {
    const { store, clock, keeper } = this.parts;
    const { leaseMs } = request;
    const sent = clock.now();
    const extensions = holds.map((hold) => hold.extensions);
    const results = await store.renew(holds.map(({ key, token }) => ({ key, token, leaseMs, sharing: request.sharing })));
    const now = clock.now();
    for (const [i, hold] of holds.entries()) {
      const result = results[i];
      if (result?.status === 'rejected') {
        if (!mayTryAgain(result.reason)) throw result.reason;
        return result.reason;
      }
      if (result?.value !== true || !hold.isHeldAt(now)) return 'lost';
      hold.longestLease = Math.max(hold.longestLease, leaseMs);
      hold.confirm(sent, leaseMs, extensions[i] ?? -1);
      hold.enter(request, sent, now);
      keeper.scheduleFor(hold, now);
    }
    return undefined;
  }

  /** The whole of the wait, and not only that for the last of them. */
  private busySince(since: Instant, { key = '', retryAfterMs, cause }: LockBusyError): LockBusyError {
    const waitedMs = Math.round(this.parts.clock.now().monotonic - since.monotonic);
    return new LockBusyError(key, { waitedMs, retryAfterMs, cause });
  }

  private undo(holds: readonly Hold[]): void {
    for (const hold of [...holds].reverse()) this.parts.returnUnused(hold);
  }

  private takeBack(claims: readonly { readonly key: string; readonly token: string }[], leaseMs: number): void {
    for (const { key, token } of claims) this.parts.giveBack.cancel(key, token, leaseMs);
  }
}

function throwIfAborted({ signal }: LockRequest, gate: AbortSignal): void {
  signal?.throwIfAborted();
  gate.throwIfAborted();
}

/** Until all are had each is renewed, and nothing of a caller's time inside has begun. */
function whileWaiting(request: LockRequest): LockRequest {
  const { ttl } = request;
  const graceMs = Math.min(request.standing.graceMs, ttl);
  return { ...request, renew: true, maxHold: undefined, holdAtLeast: 0, leaseMs: ttl, standing: { graceMs, since: undefined } };
}
