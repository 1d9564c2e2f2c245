import { shareToken, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import type { Answer, Seen, Told } from './answers.js';
import { ReferenceLine, type Entry } from './reference-line.js';

/** What all locks of the reference share. */
export interface Surroundings {
  /** The server's time, in ms. */
  now: number;
  /** Processes whose inbox is connected. */
  readonly reachable: ReadonlySet<string>;
  /** What was told to whom since it was last looked at. */
  readonly told: Told[];
}

/** How a lock is held: by one, or by the shares of readers or of permits, each until its own time. */
interface Hold {
  readonly sharing: Sharing | undefined;
  readonly tokens: Map<string, number>;
}

/** A process that asks: what it is granted goes into its answer, for as long as it wants. */
export interface Asking {
  readonly token: string;
  readonly leaseMs: number;
}

/** What came before a hand-over: after a writer the readers begin, after readers a writer, else whoever came first. */
type Before = 'a writer' | 'readers' | 'unknown';

/** One lock, as section 6 of the protocol describes it: who holds it, who waits, and to whom it goes next. */
export class ReferenceLock {
  /** Those who want the lock for themselves, or a permit. */
  readonly writers = new ReferenceLine();
  readonly readers = new ReferenceLine();
  /** Tokens that were taken back, until when. */
  readonly tombstones = new Map<string, number>();
  private hold: Hold | undefined;

  constructor(
    readonly key: string,
    private readonly around: Surroundings,
  ) {}

  /** How it is held now; undefined where it is free. */
  get held(): Hold | undefined {
    for (const [token, until] of this.hold?.tokens ?? []) if (until <= this.around.now) this.hold?.tokens.delete(token);
    if (this.hold?.tokens.size === 0) this.hold = undefined;
    return this.hold;
  }

  line(sharing: Sharing | undefined): ReferenceLine {
    return sharing?.kind === 'read' ? this.readers : this.writers;
  }

  /** Whether a token has the lock, or a share of it, in that way. */
  isHeldBy(token: string, sharing: Sharing | undefined): boolean {
    const { held } = this;
    return held !== undefined && (held.sharing === undefined) === (sharing === undefined) && held.tokens.has(token);
  }

  /** Never shortens what it had. */
  give(token: string, sharing: Sharing | undefined, count: number, leaseMs: number): void {
    const until = this.around.now + leaseMs;
    const tokens = this.held?.tokens ?? new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const share = shareToken(token, i);
      tokens.set(share, Math.max(until, tokens.get(share) ?? 0));
    }
    this.hold = { sharing, tokens };
  }

  leftOf(token: string): number {
    return (this.held?.tokens.get(token) ?? this.around.now) - this.around.now;
  }

  setLease(token: string, leaseMs: number): void {
    this.held?.tokens.set(token, this.around.now + leaseMs);
  }

  take(token: string): void {
    this.held?.tokens.delete(token);
  }

  free(): void {
    this.hold = undefined;
  }

  /** How many shares may be had at once: none while somebody waits, else permits until the limit, and any number of readers. */
  freeShares(sharing: Sharing): number {
    if (this.held !== undefined && this.writers.callable(this.around.now).length > 0) return 0;
    return sharing.kind === 'read' ? Infinity : sharing.limit - (this.held?.tokens.size ?? 0);
  }

  /** A lock that is free goes to who is next; the answer to the one that asks, if that is it. */
  handOver(before: Before, asking?: Asking): Answer | undefined {
    const [reader] = this.readers.callable(this.around.now, asking?.token);
    const [writer] = this.writers.callable(this.around.now, asking?.token);
    const readersFirst = before === 'a writer' || (before === 'unknown' && (reader?.since ?? Infinity) < (writer?.since ?? Infinity));
    const answer = readersFirst ? this.admitReaders(asking) : this.serveWriters(asking);
    if (this.held !== undefined) return answer;
    return readersFirst ? this.serveWriters(asking) : this.admitReaders(asking);
  }

  /** What becomes of a lock when shares of it, or somebody who kept readers waiting, have gone. */
  settle(wasShared: Sharing | undefined, asking?: Asking): Answer | undefined {
    if (wasShared === undefined) return undefined;
    if (this.held === undefined && wasShared.kind === 'read') return this.handOver('readers', asking);
    const answer = wasShared.kind === 'permit' ? this.admitPermits(wasShared, asking) : undefined;
    if (this.held === undefined) return this.handOver('readers', asking);
    if (wasShared.kind === 'permit') return answer;
    return this.writers.callable(this.around.now).length === 0 ? this.admitReaders(asking) : undefined;
  }

  /** All readers in line begin at once. */
  admitReaders(asking?: Asking): Answer | undefined {
    let answer: Answer | undefined;
    for (const entry of this.readers.callable(this.around.now, asking?.token)) answer = this.serve(this.readers, entry, asking) ?? answer;
    return answer;
  }

  /** Whether anything lives beside it: somebody in line, or a tombstone. */
  get isAwaited(): boolean {
    const { now } = this.around;
    return (
      [...this.tombstones.values()].some((until) => until > now) || this.writers.waiting(now).length + this.readers.waiting(now).length > 0
    );
  }

  inspect(): Seen {
    const { now } = this.around;
    const { held } = this;
    const left = [...(held?.tokens ?? [])].map(([token, until]) => [token, until - now] as const);
    return {
      owner: held !== undefined && held.sharing === undefined ? left[0]?.[0] : undefined,
      sharing: held?.sharing,
      shares: held?.sharing === undefined ? {} : Object.fromEntries(left),
      leaseLeftMs: held === undefined ? undefined : Math.max(...left.map(([, ms]) => ms)),
      waiting: [...new Set([...this.writers.waiting(now), ...this.readers.waiting(now)])],
    };
  }

  /** Whether somebody else's process waits for the lock as a whole, or anybody to read. */
  othersWait(process: string): boolean {
    const { now } = this.around;
    return this.readers.waiting(now).length > 0 || this.writers.waiting(now).some((name) => name !== process);
  }

  loseData(): void {
    this.hold = undefined;
    this.tombstones.clear();
    this.writers.forgetAll();
    this.readers.forgetAll();
  }

  /** The next one in line gets the lock, or a permit; with a permit those behind it that want the same. */
  private serveWriters(asking: Asking | undefined): Answer | undefined {
    for (const entry of this.writers.callable(this.around.now, asking?.token)) {
      const { sharing } = entry;
      const answer = sharing?.kind === 'permit' ? this.admitPermits(sharing, asking, entry) : this.serve(this.writers, entry, asking);
      if (this.held !== undefined) return answer;
    }
    return undefined;
  }

  /** Free permits go to the processes in line, one each, until somebody wants something else. */
  private admitPermits(sharing: Sharing & { kind: 'permit' }, asking: Asking | undefined, from?: Entry): Answer | undefined {
    let answer: Answer | undefined;
    const line = this.writers.callable(this.around.now, asking?.token);
    for (const entry of from === undefined ? line : line.slice(line.indexOf(from))) {
      const wants = entry.sharing;
      if (wants?.kind !== 'permit' || wants.limit !== sharing.limit || (this.held?.tokens.size ?? 0) >= sharing.limit) break;
      answer = this.serve(this.writers, entry, asking) ?? answer;
    }
    return answer;
  }

  /** Whoever asks gets its answer, others are told; one whom the message does not reach is passed over. */
  private serve(line: ReferenceLine, entry: Entry, asking: Asking | undefined): Answer | undefined {
    const { token, process, sharing, count } = entry;
    const asks = token === asking?.token;
    if (!asks && line.isConfirmed(process) && !this.around.reachable.has(process)) {
      line.passOver(process);
      return undefined;
    }
    line.remove(entry);
    this.give(token, sharing, count, asks ? asking.leaseMs : entry.graceMs);
    const shares = sharing === undefined ? {} : { shares: count };
    if (asks)
      return { status: 'granted', token, ...shares, ...(sharing === undefined && this.othersWait(process) ? { others: true } : {}) };
    if (this.around.reachable.has(process)) {
      this.around.told.push({ kind: sharing?.kind ?? 'granted', process, key: this.key, token, ...shares });
    }
    return undefined;
  }
}
