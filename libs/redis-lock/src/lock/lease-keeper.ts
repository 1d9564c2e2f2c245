import type { LockLog } from '../runtime/lock-log.js';
import type { Clock, Instant, Timer, Timers } from '../runtime/clock.js';
import type { LockStore } from '../store/lock-store.interface.js';
import { grantTokenOf } from '../store/sharing.js';
import { LinkedSet } from '../runtime/linked-set.js';
import type { Hold } from './hold.js';

/** Leases due within this share of their ttl are renewed along with those that are due now. */
const EARLY_SHARE = 1 / 30;
const RETRY_SHARE = 1 / 10;
/** So many holds are looked through as they are. */
const FEW = 64;
const SHORTEST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 500;

/** What the keeper works with. */
export interface LeaseKeeperParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
}

/** Renews all leases of one process, those due together in one batch, and notices those that ran out. One timer for all. */
export class LeaseKeeper {
  private readonly holds = new LinkedSet<Hold>();
  /** Made when it is asked for; those who look for one of many look for many. */
  private byToken: Map<string, Hold> | undefined;
  private timer: Timer | undefined;
  private nextAt = Infinity;
  private idle: (() => void)[] = [];

  constructor(private readonly parts: LeaseKeeperParts) {}

  get size(): number {
    return this.holds.size;
  }

  watch(hold: Hold, now: Instant): void {
    this.holds.add(hold);
    this.byToken = undefined;
    this.arm(dueAt(hold, now), now);
  }

  forget(hold: Hold): void {
    this.holds.delete(hold);
    this.byToken = undefined;
    if (this.holds.size > 0 || this.idle.length === 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  find(token: string): Hold | undefined {
    if (this.holds.size <= FEW) return this.holds.find((hold) => hold.token === token);
    this.byToken ??= new Map([...this.holds].map((hold) => [hold.token, hold]));
    return this.byToken.get(token);
  }

  /** Whether a hold has that token, or a share that was granted with it. */
  uses(token: string): boolean {
    return this.holds.find((hold) => grantTokenOf(hold.token) === token) !== undefined;
  }

  all(): Iterable<Hold> {
    return this.holds;
  }

  /** Resolves when nothing is held any more. */
  whenIdle(): Promise<void> {
    if (this.holds.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  /** The hold's deadline or renewal time changed. */
  scheduleFor(hold: Hold, now: Instant = this.parts.clock.now()): void {
    this.arm(dueAt(hold, now), now);
  }

  private arm(at: number, now: Instant): void {
    if (at >= this.nextAt) return;
    this.timer?.cancel();
    this.nextAt = at;
    this.timer = this.parts.timers.after(Math.max(0, at - now.monotonic), () => this.tick(), { background: true });
  }

  close(): void {
    this.timer?.cancel();
    this.nextAt = -Infinity;
  }

  private tick(): void {
    this.nextAt = Infinity;
    const now = this.parts.clock.now();
    const due: Hold[] = [];
    let next = Infinity;
    for (const hold of this.holds) {
      if (!hold.isHeldAt(now)) {
        this.forget(hold);
        continue;
      }
      if (hold.renewAt - now.monotonic <= hold.ttl * EARLY_SHARE) {
        due.push(hold);
        // In flight: until it is answered there is only the deadline to watch.
        hold.renewAt = Infinity;
      }
      next = Math.min(next, dueAt(hold, now));
    }
    this.arm(next, now);
    if (due.length > 0) void this.renew(due);
  }

  /** Never rejects: a failure is tried again until the local deadline, and then the lock is lost. */
  private async renew(due: readonly Hold[]): Promise<void> {
    const { store, clock } = this.parts;
    const sent = clock.now();
    const commands = due.map((hold) => ({
      key: hold.key,
      token: hold.token,
      leaseMs: hold.leaseToAsk(hold.ttl, sent),
      sharing: hold.request.sharing,
    }));
    const extensions = due.map((hold) => hold.extensions);
    const results = await store.renew(commands).catch((reason: unknown) => due.map(() => ({ status: 'rejected' as const, reason })));
    const now = clock.now();
    due.forEach((hold, i) => {
      const result = results[i];
      const command = commands[i];
      if (hold.isOver || command === undefined) return;
      if (result?.status === 'fulfilled' && !result.value) {
        hold.lose('taken');
        this.forget(hold);
      } else if (result?.status === 'fulfilled') {
        this.confirmed(hold, sent, command.leaseMs, extensions[i] ?? -1, now);
      } else {
        this.failed(hold, result?.reason);
      }
    });
  }

  /** The lease that was asked for then is granted. */
  confirmed(hold: Hold, sent: Instant, leaseMs: number, extensions: number, now: Instant): void {
    if (hold.isOver) return;
    const isBelieved = hold.confirm(sent, leaseMs, extensions);
    const next = hold.nextRenewal(sent, leaseMs);
    // An extension since then may need the next one sooner.
    this.renewNext(hold, isBelieved ? next : Math.min(next, hold.renewAt), now);
  }

  /** It is not known whether a lease was prolonged: it is asked for again soon. */
  failed(hold: Hold, reason: unknown): void {
    if (hold.isOver) return;
    const { clock, log } = this.parts;
    const now = clock.now();
    const left = Math.max(0, Math.round(hold.leftMs(now)));
    const why = reason instanceof Error ? reason.message : 'no answer';
    log.warn(`Renewing the lock '${hold.key}' failed (${why}); trying again, ${String(left)} ms before it is lost.`);
    this.renewNext(hold, now.monotonic + Math.min(Math.max(hold.ttl * RETRY_SHARE, SHORTEST_RETRY_MS), LONGEST_RETRY_MS), now);
  }

  private renewNext(hold: Hold, at: number, now: Instant): void {
    hold.renewAt = hold.shares > 0 && hold.isRenewed ? at : Infinity;
    this.scheduleFor(hold, now);
  }
}

/** When the keeper must look at a hold again, on the monotonic clock. */
function dueAt(hold: Hold, now: Instant): number {
  return Math.min(hold.renewAt, now.monotonic + hold.leftMs(now));
}
