import type { Clock } from '../../runtime/clock.js';
import { processOf, type HandedOver, type QueuedReply } from '../lock-store.interface.js';
import { READING, markerOf, shareToken, sharingOf, type Sharing } from '../sharing.js';
import { MemoryCompanion } from './memory-companion.js';
import type { Entry, MemoryLine } from './memory-line.js';
import type { ArrivingStanding, ServerMessage } from './memory-messages.js';

/** Who has a lock: a token, or the marker of a lock that is shared. */
export interface StoredLease {
  readonly token: string;
  endsAt: number;
}

/** The token of a process that asks: its grant goes into the reply, with the lease that it wants. */
export interface Asking {
  readonly token: string;
  readonly leaseMs: number;
}

/** What has been before: after a writer all readers in line come, after readers one writer, else whoever came first. */
export type Before = 'writer' | 'readers' | 'unknown';

/** The server's data in this process, and how a lock goes on to whoever is next: what hand-over.lua, admit.lua and settle.lua do. */
export abstract class MemoryHandOver {
  protected readonly leases = new Map<string, StoredLease>();
  protected readonly companions = new Map<string, MemoryCompanion>();
  protected readonly inboxes = new Map<string, (message: ServerMessage) => void>();
  private readonly epoch: number;
  private lastFence = 0;

  constructor(private readonly clock: Clock) {
    const { monotonic, wall } = clock.now();
    this.epoch = wall - monotonic;
  }

  /** The server's time in µs: starts at the wall clock's and never steps. */
  now(): number {
    return Math.round(this.nowMs() * 1_000);
  }

  protected nowMs(): number {
    return this.epoch + this.clock.now().monotonic;
  }

  /** Hands a free lock over; returns the grant where it went to the asking token. */
  protected handOver(key: string, before: Before, own?: Asking): HandedOver | undefined {
    const companion = this.companion(key);
    if (companion === undefined) return undefined;
    const { writers, readers } = companion;
    const sinceIn = (line: MemoryLine): number => line.next(own?.token, 0)?.entry.since ?? Infinity;
    const readersFirst = before === 'unknown' ? sinceIn(readers) < sinceIn(writers) : before === 'writer';
    if (readersFirst && readers.head !== undefined) {
      companion.dropShares();
      const grant = this.admitReaders(key, companion, own);
      if (this.fitLock(key)) return grant;
    }
    for (let found = writers.next(own?.token, 0); found !== undefined; found = writers.next(own?.token, found.at + 1)) {
      const { entry } = found;
      if (entry.sharing?.kind === 'permit') {
        companion.dropShares();
        const grant = this.admitPermits(key, companion, entry.sharing, own);
        if (this.fitLock(key)) return grant;
        continue;
      }
      const grant = this.handTo(key, companion, entry, own);
      if (grant === 'passed over') continue;
      return grant;
    }
    if (readersFirst || readers.head === undefined) return undefined;
    companion.dropShares();
    const grant = this.admitReaders(key, companion, own);
    return this.fitLock(key) ? grant : undefined;
  }

  /** What becomes of a lock when shares of it have gone, or a writer who kept readers waiting. */
  protected settle(key: string, own?: Asking): HandedOver | undefined {
    const companion = this.companion(key);
    const sharing = sharingOf(this.lease(key)?.token);
    if (sharing === undefined) return undefined;
    let grant: HandedOver | undefined;
    if (companion !== undefined && sharing.kind === 'permit') grant = this.admitPermits(key, companion, sharing, own);
    else if (companion !== undefined && companion.shareCount > 0 && !companion.writers.isWaiting)
      grant = this.admitReaders(key, companion, own);
    return this.fitLock(key) ? grant : this.handOver(key, 'readers', own);
  }

  /** This is where a lock is shared: the token gets so many shares of it. */
  protected share(key: string, token: string, count: number, leaseMs: number, sharing: Sharing): void {
    const companion = this.companionOrNew(key);
    const until = this.nowMs() + leaseMs;
    for (let i = 0; i < count; i++) {
      const share = shareToken(token, i);
      companion.setShare(share, Math.max(until, companion.shareUntil(share) ?? 0));
    }
    const lease = this.lease(key);
    this.leases.set(key, { token: markerOf(sharing), endsAt: Math.max(lease?.endsAt ?? 0, until) });
  }

  /** This is where a token is put in line. */
  protected enqueue(key: string, token: string, standing: ArrivingStanding): void {
    const { graceMs, since = this.now(), liveMs, hears, sharing } = standing;
    // Permits are handed over one at a time.
    const count = sharing?.kind === 'read' ? (standing.count ?? 1) : 1;
    const process = processOf(token) ?? '';
    const owner = this.lease(key)?.token;
    const holder = owner === undefined ? undefined : processOf(owner);
    const line = this.lineOf(this.companionOrNew(key), sharing);
    const { head } = line;
    const isKnown = head !== undefined && (line.markOf(head.process) ?? 'passed-over') !== 'passed-over';
    line.add(token, { graceMs, since, sharing, count });
    line.setMark(process, hears ? 'subscribed' : 'unknown', this.nowMs() + liveMs);
    if ((holder !== process || sharing?.kind === 'read') && !isKnown) this.publish(holder, { kind: 'others', key });
  }

  protected queued(key: string, token: string, sharing?: Sharing): QueuedReply {
    const companion = this.companionOrNew(key);
    const line = this.lineOf(companion, sharing);
    const lease = this.lease(key);
    const soonest = sharing?.kind === 'permit' ? companion.allShares.at(-1)?.[1] : undefined;
    const endsAt = soonest ?? lease?.endsAt;
    return {
      status: 'queued',
      since: line.find(token)?.since ?? NaN,
      isHead: line.head?.token === token,
      leaseLeftMs: endsAt === undefined ? undefined : endsAt - this.nowMs(),
    };
  }

  /** A lock that is shared lasts as long as its last share. Returns whether there is any. */
  protected fitLock(key: string): boolean {
    const lease = this.lease(key);
    const last = this.companion(key)?.allShares[0]?.[1];
    if (last === undefined || lease === undefined) this.leases.delete(key);
    else lease.endsAt = last;
    return last !== undefined && lease !== undefined;
  }

  protected lineOf(companion: MemoryCompanion, sharing: Sharing | undefined): MemoryLine {
    return sharing?.kind === 'read' ? companion.readers : companion.writers;
  }

  protected publish(process: string | undefined, message: ServerMessage): void {
    this.inboxes.get(process ?? '')?.(message);
  }

  /** The first of `count` new fences. */
  protected reserve(count: number): number {
    const fence = Math.max(this.lastFence + 1, this.now());
    this.lastFence = fence + count - 1;
    return fence;
  }

  /** This is where a lock gets an owner. */
  protected own(key: string, token: string, leaseMs: number): void {
    this.leases.set(key, { token, endsAt: this.nowMs() + leaseMs });
  }

  protected lease(key: string): StoredLease | undefined {
    const lease = this.leases.get(key);
    if (lease !== undefined && lease.endsAt <= this.nowMs()) this.leases.delete(key);
    return this.leases.get(key);
  }

  protected companion(key: string): MemoryCompanion | undefined {
    const companion = this.companions.get(key);
    companion?.sweep(this.nowMs());
    if (companion?.isEmpty === true) this.companions.delete(key);
    return this.companions.get(key);
  }

  protected companionOrNew(key: string): MemoryCompanion {
    const companion = this.companion(key) ?? new MemoryCompanion();
    this.companions.set(key, companion);
    return companion;
  }

  private handTo(key: string, companion: MemoryCompanion, entry: Entry, own: Asking | undefined): HandedOver | undefined | 'passed over' {
    const { token, process } = entry;
    const { writers } = companion;
    const isOwn = token === own?.token;
    if (!isOwn && writers.markOf(process) === 'subscribed' && !this.inboxes.has(process)) {
      writers.remark(process, 'passed-over');
      return 'passed over';
    }
    this.own(key, token, isOwn ? own.leaseMs : entry.graceMs);
    writers.remove(entry);
    writers.unmark(process);
    const grant = { token, fence: this.reserve(1), others: companion.doOthersWait(process) };
    if (isOwn) return grant;
    this.publish(process, { kind: 'granted', key, grant });
    return undefined;
  }

  protected admitReaders(key: string, companion: MemoryCompanion, own: Asking | undefined): HandedOver | undefined {
    return this.admit(key, companion.readers, READING, Infinity, own);
  }

  private admitPermits(
    key: string,
    companion: MemoryCompanion,
    sharing: Sharing & { kind: 'permit' },
    own: Asking | undefined,
  ): HandedOver | undefined {
    return this.admit(key, companion.writers, sharing, sharing.limit - companion.shareCount, own);
  }

  /** Goes through a line until as many entries as `most` have got shares, or one wants something else; returns the grant of the asking token, if it is among them. */
  private admit(key: string, line: MemoryLine, sharing: Sharing, most: number, own: Asking | undefined): HandedOver | undefined {
    let grant: HandedOver | undefined;
    let left = most;
    for (let found = line.next(own?.token, 0); found !== undefined && left > 0;) {
      const { entry, at } = found;
      if (entry.sharing === undefined || markerOf(entry.sharing) !== markerOf(sharing)) break;
      const isOwn = entry.token === own?.token;
      if (!isOwn && line.markOf(entry.process) === 'subscribed' && !this.inboxes.has(entry.process)) {
        line.remark(entry.process, 'passed-over');
        found = line.next(own?.token, at + 1);
        continue;
      }
      this.share(key, entry.token, entry.count, isOwn ? own.leaseMs : entry.graceMs, sharing);
      line.remove(entry);
      line.unmark(entry.process);
      const given = { token: entry.token, fence: this.reserve(entry.count), others: false, shares: entry.count };
      if (isOwn) grant = given;
      else this.publish(entry.process, { kind: 'shared', key, sharing, grant: given });
      left--;
      found = line.next(own?.token, at);
    }
    return grant;
  }
}
