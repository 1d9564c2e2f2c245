import { processOf } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { READING, grantTokenOf, shareToken, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import type { Answer, Told } from './answers.js';
import { ReferenceLock, type Surroundings } from './reference-lock.js';
import { GRACE_MS, LIVE_MS, TOMBSTONE_MS } from './times.js';

/** What an attempt says; `late`: it arrives after its deadline. */
export interface Attempt {
  readonly key: string;
  readonly token: string;
  readonly sharing: Sharing | undefined;
  readonly count: number;
  readonly leaseMs: number;
  readonly late: boolean;
}

/** What a heartbeat says; `token` is put in line where `current` is gone. */
export interface Beat extends Attempt {
  readonly current: string;
  /** When the process first queued, in ms; undefined for now. */
  readonly since: number | undefined;
}

const VOID: Answer = { status: 'void' };

/** The server of the reference: each command as the protocol describes it, on plain data. */
export class ReferenceServer implements Surroundings {
  now: number;
  readonly reachable = new Set<string>();
  /** Processes that say that their subscription works, rightly or not. */
  readonly hearing = new Set<string>();
  readonly told: Told[] = [];
  private readonly locks = new Map<string, ReferenceLock>();

  constructor(startMs: number) {
    this.now = startMs;
  }

  lock(key: string): ReferenceLock {
    let lock = this.locks.get(key);
    if (lock === undefined) this.locks.set(key, (lock = new ReferenceLock(key, this)));
    return lock;
  }

  grant(attempt: Attempt, queues: boolean): Answer {
    const { key, token, sharing, leaseMs, late } = attempt;
    const lock = this.lock(key);
    if (late || lock.tombstones.has(token)) return VOID;
    // Nobody overtakes those who wait.
    if (lock.held === undefined) lock.handOver('unknown');
    else if (sharing?.kind === 'permit' && isSame(lock.held.sharing, sharing)) lock.settle(sharing);
    const { held } = lock;
    if (held !== undefined && isMismatch(held.sharing, sharing)) return { status: 'mismatch', found: held.sharing };
    if (sharing === undefined && held === undefined) {
      lock.give(token, sharing, 1, leaseMs);
      return { status: 'granted', ...(lock.othersWait(nameOf(token)) ? { others: true } : {}) };
    }
    if (sharing !== undefined && (held === undefined || isSame(held.sharing, sharing))) {
      const shares = Math.min(attempt.count, lock.freeShares(sharing));
      if (shares > 0) {
        lock.give(token, sharing, shares, leaseMs);
        return { status: 'granted', shares };
      }
    }
    if (!queues) return { status: 'busy' };
    this.stand(attempt, undefined);
    return this.queued(attempt, token);
  }

  /** All or none; `remains`: something is left beside one of the locks, which may count as somebody who waits. */
  grantAll(claims: readonly { readonly key: string; readonly token: string }[], leaseMs: number, late: boolean, remains: boolean): Answer {
    if (late) return VOID;
    if (remains || claims.some(({ key }) => this.lock(key).held !== undefined)) return { status: 'busy' };
    for (const { key, token } of claims) this.lock(key).give(token, undefined, 1, leaseMs);
    return { status: 'granted' };
  }

  /** `next` is put in line before the lock goes on. */
  release(key: string, token: string, sharing: Sharing | undefined, keepMs: number, next?: Attempt): { released: boolean; next?: Answer } {
    const lock = this.lock(key);
    if (!lock.isHeldBy(token, sharing)) return { released: false };
    if (keepMs > 0) {
      lock.setLease(token, keepMs);
      return { released: true };
    }
    const wasShared = lock.held?.sharing;
    const stands = next !== undefined && !next.late && !lock.tombstones.has(next.token);
    lock.take(token);
    if (stands) this.stand(next, undefined);
    const granted = this.goOn(lock, wasShared, stands ? next : undefined);
    return { released: true, ...(stands ? { next: granted ?? this.queued(next, next.token, true) } : {}) };
  }

  /** Takes back what a token has or waits for, and with a tombstone what it may still ask for. */
  takeBack(key: string, token: string, sharing: Sharing | undefined, forGood: boolean): void {
    const lock = this.lock(key);
    const line = lock.line(sharing);
    const { held } = lock;
    const wasShared = held?.sharing;
    const mine = [...(held?.tokens.keys() ?? [])].filter((share) => grantTokenOf(share) === token);
    // Who held the lock alone may read it by now.
    const had = mine.length > 0 && (wasShared !== undefined || sharing === undefined);
    if (had) for (const share of mine) lock.take(share);
    const entry = line.find(token);
    if (entry !== undefined) line.remove(entry);
    if (forGood) lock.tombstones.set(token, this.now + TOMBSTONE_MS);
    // Also where it only stood in line: it may have kept others waiting.
    this.goOn(lock, wasShared, undefined, had);
  }

  /** `revives`: the entry of a process that was taken for dead was still there. */
  heartbeat(beat: Beat, revives: boolean): Answer {
    const { key, current, token, sharing, leaseMs, late, count } = beat;
    const lock = this.lock(key);
    if (late) return VOID;
    const has = this.sharesOf(lock, current, sharing);
    if (has > 0) {
      lock.give(current, sharing, has, leaseMs);
      const others = sharing === undefined && lock.othersWait(nameOf(current));
      return { status: 'granted', token: current, ...(sharing === undefined ? {} : { shares: has }), ...(others ? { others: true } : {}) };
    }
    const line = lock.line(sharing);
    const entry = line.find(current);
    const process = nameOf(current);
    let inLine = current;
    if (entry !== undefined && (line.isAlive(process, this.now) || revives)) {
      line.heardOf(process, this.hearing.has(process), this.now, this.now + LIVE_MS);
      if (sharing?.kind === 'read') entry.count = count;
    } else {
      const holder = lock.held?.sharing === undefined ? [...(lock.held?.tokens.keys() ?? [])][0] : undefined;
      if (sharing === undefined && holder !== undefined && nameOf(holder) === process) return { status: 'own', token: holder };
      if (lock.tombstones.has(token)) return VOID;
      const ghost = line.entryOf(process);
      if (ghost !== undefined) line.remove(ghost);
      this.stand(beat, beat.since);
      inLine = token;
    }
    const asking = { token: inLine, leaseMs };
    const { held } = lock;
    const granted =
      held === undefined ? lock.handOver('unknown', asking) : sharing === undefined ? undefined : lock.settle(held.sharing, asking);
    return granted ?? this.queued(beat, inLine, true);
  }

  /** Prolongs, never shortens. */
  renew(key: string, token: string, sharing: Sharing | undefined, leaseMs: number): boolean {
    const lock = this.lock(key);
    if (!lock.isHeldBy(token, sharing)) return false;
    lock.setLease(token, Math.max(lock.leftOf(token), leaseMs));
    return true;
  }

  extend(key: string, token: string, sharing: Sharing | undefined, leaseMs: number): boolean {
    const lock = this.lock(key);
    if (!lock.isHeldBy(token, sharing)) return false;
    lock.setLease(token, leaseMs);
    return true;
  }

  /** Whoever holds the lock alone goes on as a reader, and readers in line begin. */
  downgrade(key: string, token: string, leaseMs: number): boolean {
    const lock = this.lock(key);
    if (!lock.isHeldBy(token, undefined)) return false;
    const ms = Math.max(lock.leftOf(token), leaseMs);
    lock.free();
    lock.give(token, READING, 1, ms);
    lock.admitReaders();
    return true;
  }

  forceRelease(key: string): boolean {
    const lock = this.lock(key);
    if (lock.held === undefined) return false;
    for (const token of lock.held.tokens.keys()) {
      const process = nameOf(token);
      if (this.reachable.has(process)) this.told.push({ kind: 'forced', process, key, token });
    }
    lock.free();
    lock.handOver('unknown');
    return true;
  }

  loseData(): void {
    for (const lock of this.locks.values()) lock.loseData();
  }

  /** After somebody who held the lock, or stood in line, has gone. */
  private goOn(lock: ReferenceLock, wasShared: Sharing | undefined, asking?: Attempt, gaveUp = true): Answer | undefined {
    if (wasShared !== undefined) return lock.settle(wasShared, asking);
    return gaveUp ? lock.handOver('a writer', asking) : undefined;
  }

  private stand({ key, token, sharing, count }: Attempt, since: number | undefined): void {
    const process = nameOf(token);
    const entry = { token, process, sharing, count: sharing?.kind === 'read' ? count : 1, graceMs: GRACE_MS, since: since ?? this.now };
    this.lock(key)
      .line(sharing)
      .stand(entry, this.hearing.has(process), this.now + LIVE_MS);
  }

  private queued({ key, sharing }: Attempt, token: string, named = false): Answer {
    const line = this.lock(key).line(sharing);
    const since = (line.find(token)?.since ?? NaN) * 1_000;
    return { status: 'queued', since, isHead: line.isFirst(token, this.now), ...(named ? { token } : {}) };
  }

  /** How many shares a token has, from the first on. */
  private sharesOf(lock: ReferenceLock, token: string, sharing: Sharing | undefined): number {
    let count = 0;
    while (lock.isHeldBy(shareToken(token, count), sharing)) count++;
    return count;
  }
}

/** The process that made a token. */
function nameOf(token: string): string {
  return processOf(token) ?? '';
}

function isSame(a: Sharing | undefined, b: Sharing | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Readers and writers wait for each other; nothing goes together with permits but permits of the same limit. */
function isMismatch(held: Sharing | undefined, wanted: Sharing | undefined): boolean {
  return (held?.kind === 'permit' || wanted?.kind === 'permit') && !isSame(held, wanted);
}
