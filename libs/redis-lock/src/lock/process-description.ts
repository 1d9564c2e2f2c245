import { hostname } from 'node:os';
import type { Clock, Timer, Timers } from '../runtime/clock.js';
import type { LockDescription, LockStore } from '../store/lock-store.interface.js';
import type { LeaseKeeper } from './lease-keeper.js';

/** What describing this process needs. */
export interface ProcessDescriptionParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly keeper: LeaseKeeper;
  /** Every key that callers of this process wait for, with their number. */
  readonly waiting: () => ReadonlyMap<string, number>;
}

/** How often it is looked whether there is anything new to tell, and how long a hold must last to be told of. */
const ROUND_MS = 1_000;
/** A card that says the same is written anew this often, since it has a TTL. */
const REFRESH_MS = 20_000;
/** Of that many shares of one lock fence and label are told. */
const MOST_TOLD = 100;

/** Tells the store who this process is and what it has held for a while, so that others can inspect it. Off the hot path: short holds cost nothing. */
export class ProcessDescription {
  private timer: Timer | undefined;
  private closed = false;
  private writtenAt = -Infinity;
  /** What was told, by key: the tokens of what is held. */
  private held = new Map<string, string>();
  private waiting = new Map<string, number>();

  constructor(private readonly parts: ProcessDescriptionParts) {}

  /** Something was acquired or waited for: there may be something to tell in a while. */
  touch(): void {
    if (this.timer === undefined && !this.closed) this.scheduleRound();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private scheduleRound(): void {
    this.timer = this.parts.timers.after(ROUND_MS, () => void this.round(), { background: true });
  }

  /** Never rejects: what could not be told is told in the next round. */
  private async round(): Promise<void> {
    const now = this.parts.clock.now().monotonic;
    const held = new Map<string, string>();
    for (const { key, token, enteredAt } of this.parts.keeper.all()) {
      if (now - enteredAt >= ROUND_MS) held.set(key, held.has(key) ? `${held.get(key) ?? ''} ${token}` : token);
    }
    const waiting = new Map(this.parts.waiting());
    // The card may have lapsed since, so then everything is told.
    const stale = held.size + waiting.size > 0 && now - this.writtenAt >= REFRESH_MS;
    const change = {
      host: hostname().slice(0, 100),
      pid: process.pid,
      held: this.describe(changes(this.held, held, (a, b) => !stale && a === b)),
      waiting: changes(this.waiting, waiting, (a, b) => !stale && a === b),
    };
    if (stale || change.held.size + change.waiting.size > 0) {
      try {
        await this.parts.store.describe(change);
        this.held = held;
        this.waiting = waiting;
        this.writtenAt = now;
      } catch {
        // The store is out of reach; whoever inspects cannot reach it either. It may have written all the same: what this told is told
        // again, or taken back.
        for (const [key, token] of held) this.held.set(key, token);
        for (const [key, callers] of waiting) this.waiting.set(key, callers);
        this.writtenAt = -Infinity;
      }
    }
    this.timer = undefined;
    if (this.parts.keeper.size + this.held.size + this.waiting.size > 0) this.touch();
  }

  private describe(changed: ReadonlyMap<string, string | undefined>): Map<string, LockDescription[] | undefined> {
    const described = new Map<string, LockDescription[] | undefined>();
    for (const key of changed.keys()) described.set(key, undefined);
    if (described.size === 0) return described;
    const tokens = new Set([...changed.values()].flatMap((told) => told?.split(' ', MOST_TOLD) ?? []));
    for (const { key, token, fence, request } of this.parts.keeper.all()) {
      if (!tokens.has(token)) continue;
      described.set(key, [...(described.get(key) ?? []), { token, fence, label: request.label }]);
    }
    return described;
  }
}

function changes<V>(
  before: ReadonlyMap<string, V>,
  after: ReadonlyMap<string, V>,
  same: (a: V, b: V) => boolean,
): Map<string, V | undefined> {
  const changed = new Map<string, V | undefined>();
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined || !same(old, value)) changed.set(key, value);
  }
  for (const key of before.keys()) if (!after.has(key)) changed.set(key, undefined);
  return changed;
}
