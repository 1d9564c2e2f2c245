import type { Clock } from '../../runtime/clock.js';
import { processOf, type HandedOver, type PlaceReply, type QueuedReply, type StoredLock } from '../lock-store.interface.js';
import type {
  ArrivingGrant,
  ArrivingHeartbeat,
  ArrivingPlace,
  ArrivingStanding,
  ServerGrantReply,
  ServerHeartbeatReply,
  ServerMessage,
} from './memory-messages.js';
import { MemoryCompanion } from './memory-companion.js';

interface StoredLease {
  readonly token: string;
  endsAt: number;
}

/**
 * The server's side of the protocol in this process: each method does what the Lua script of the same name does, in one step.
 * Several stores may share one server, as several instances share one Redis.
 */
export class MemoryLockServer {
  private readonly leases = new Map<string, StoredLease>();
  private readonly companions = new Map<string, MemoryCompanion>();
  private readonly inboxes = new Map<string, (message: ServerMessage) => void>();
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

  connect(process: string, receive: (message: ServerMessage) => void): void {
    this.inboxes.set(process, receive);
  }

  disconnect(process: string): void {
    this.inboxes.delete(process);
  }

  grant(command: ArrivingGrant): ServerGrantReply {
    const { key, token, reserve, queue } = command;
    const now = this.now();
    if (now > command.deadline) return { status: 'stale', now };
    const companion = this.companion(key);
    if (companion?.isBuried(token) === true) return { status: 'cancelled', now };
    // Nobody overtakes those who wait.
    if (companion !== undefined && this.lease(key) === undefined) this.handOver(key);
    const holder = this.lease(key);
    if (holder === undefined) {
      this.own(key, token, command.leaseMs);
      return { status: 'granted', now, fence: this.reserve(reserve), others: companion?.doOthersWait(processOf(token)) ?? false };
    }
    if (queue === undefined) return { status: 'busy', now, leaseLeftMs: holder.endsAt - this.nowMs() };
    this.enqueue(key, token, queue);
    return { ...this.queued(key, token), now };
  }

  /** `next` is put in line behind the others before the lock is handed over. */
  release(key: string, token: string, keepMs: number, next?: ArrivingPlace): { released: boolean; next: PlaceReply | undefined } {
    const lease = this.lease(key);
    if (lease?.token !== token) return { released: false, next: undefined };
    if (keepMs > 0) {
      lease.endsAt = this.nowMs() + keepMs;
      return { released: true, next: undefined };
    }
    this.leases.delete(key);
    if (next === undefined || this.now() > next.deadline || this.companion(key)?.isBuried(next.token) === true) {
      this.handOver(key);
      return { released: true, next: undefined };
    }
    this.enqueue(key, next.token, next);
    const grant = this.handOver(key, next.token, next.leaseMs);
    return {
      released: true,
      next: grant === undefined ? { ...this.queued(key, next.token), token: next.token } : { ...grant, status: 'granted' },
    };
  }

  /** @param tombstoneMs 0 for none */
  cancel(key: string, token: string, tombstoneMs: number): void {
    const owned = this.lease(key)?.token === token;
    if (owned) this.leases.delete(key);
    const companion = this.companion(key);
    const entry = companion?.find(token);
    if (companion !== undefined && entry !== undefined) {
      companion.remove(entry);
      if (companion.entryOf(entry.process) === undefined) companion.unmark(entry.process);
    }
    if (tombstoneMs > 0) this.companionOrNew(key).bury(token, this.nowMs() + tombstoneMs);
    if (owned) this.handOver(key);
  }

  heartbeat({ key, current, token, leaseMs, deadline, ...standing }: ArrivingHeartbeat): ServerHeartbeatReply {
    const now = this.now();
    if (now > deadline) return { status: 'stale', now };
    const holder = this.lease(key);
    const companion = this.companionOrNew(key);
    if (holder?.token === current) {
      holder.endsAt = Math.max(holder.endsAt, this.nowMs() + leaseMs);
      return { status: 'granted', now, token: current, fence: this.reserve(1), others: companion.doOthersWait(processOf(current)) };
    }
    const process = processOf(current) ?? '';
    let inLine = current;
    if (companion.find(current) !== undefined) {
      const mark = companion.markOf(process) ?? 'subscribed';
      companion.setMark(process, mark === 'subscribed' && standing.hears ? mark : 'unknown', this.nowMs() + standing.liveMs);
    } else {
      if (holder !== undefined && processOf(holder.token) === process) return { status: 'own', now, token: holder.token };
      const ghost = companion.entryOf(process);
      if (ghost !== undefined) companion.remove(ghost);
      if (companion.isBuried(token)) return { status: 'stale', now };
      this.enqueue(key, token, standing);
      inLine = token;
    }
    const grant = holder === undefined ? this.handOver(key, inLine, leaseMs) : undefined;
    return grant === undefined ? { ...this.queued(key, inLine), token: inLine, now } : { ...grant, status: 'granted', now };
  }

  /** Prolongs, never shortens. */
  renew(key: string, token: string, leaseMs: number): boolean {
    const lease = this.lease(key);
    if (lease?.token !== token) return false;
    lease.endsAt = Math.max(lease.endsAt, this.nowMs() + leaseMs);
    return true;
  }

  confirm(key: string, token: string, leaseMs: number, reserve: number): { fence: number; others: boolean } | undefined {
    if (!this.renew(key, token, leaseMs)) return undefined;
    return { fence: this.reserve(reserve), others: this.companion(key)?.doOthersWait(processOf(token)) ?? false };
  }

  /** After the deadline, in the server's time, µs, it does nothing. */
  extend(key: string, token: string, leaseMs: number, deadline = Infinity): boolean | 'stale' {
    if (this.now() > deadline) return 'stale';
    const lease = this.lease(key);
    if (lease?.token !== token) return false;
    lease.endsAt = this.nowMs() + leaseMs;
    return true;
  }

  forceRelease(key: string): boolean {
    const lease = this.lease(key);
    if (lease === undefined) return false;
    this.leases.delete(key);
    this.publish(processOf(lease.token), { kind: 'forced', key, token: lease.token });
    this.handOver(key);
    return true;
  }

  inspect(key: string): StoredLock {
    const lease = this.lease(key);
    return {
      key,
      owner: lease?.token,
      foreignType: undefined,
      leaseLeftMs: lease === undefined ? undefined : lease.endsAt - this.nowMs(),
      waiting: this.companion(key)?.processes ?? [],
    };
  }

  /** Every key that is locked now. */
  *keys(): Iterable<string> {
    for (const key of [...this.leases.keys()]) if (this.lease(key) !== undefined) yield key;
  }

  /** As a server that restarts without its data: locks, queues and tombstones are gone. Its clock goes on, and with it the fences. */
  loseData(): void {
    this.leases.clear();
    this.companions.clear();
  }

  /** Hands a free lock over to the next process in line; returns the grant where it went to the token `own`. */
  private handOver(key: string, own?: string, ownLeaseMs = 0): HandedOver | undefined {
    const companion = this.companion(key);
    for (let found = companion?.next(own, 0); companion !== undefined && found !== undefined; found = companion.next(own, found.at + 1)) {
      const { entry } = found;
      const { token, process } = entry;
      if (token !== own && companion.markOf(process) === 'subscribed' && !this.inboxes.has(process)) {
        companion.remark(process, 'passed-over');
        continue;
      }
      this.own(key, token, token === own ? ownLeaseMs : entry.graceMs);
      companion.remove(entry);
      companion.unmark(process);
      const grant = { token, fence: this.reserve(1), others: companion.doOthersWait(process) };
      if (token === own) return grant;
      this.publish(process, { kind: 'granted', key, grant });
      return undefined;
    }
    return undefined;
  }

  /** This is where a token is put in line. */
  protected enqueue(key: string, token: string, { graceMs, since, liveMs, hears }: ArrivingStanding): void {
    const process = processOf(token) ?? '';
    const owner = this.lease(key)?.token;
    const holder = owner === undefined ? undefined : processOf(owner);
    const companion = this.companionOrNew(key);
    const { head } = companion;
    const isKnown = head !== undefined && head.process !== holder && (companion.markOf(head.process) ?? 'passed-over') !== 'passed-over';
    companion.add(token, graceMs, since ?? this.now());
    companion.setMark(process, hears ? 'subscribed' : 'unknown', this.nowMs() + liveMs);
    if (holder !== process && !isKnown) this.publish(holder, { kind: 'others', key });
  }

  private queued(key: string, token: string): QueuedReply {
    const companion = this.companionOrNew(key);
    const lease = this.lease(key);
    return {
      status: 'queued',
      since: companion.find(token)?.since ?? NaN,
      isHead: companion.head?.token === token,
      leaseLeftMs: lease === undefined ? undefined : lease.endsAt - this.nowMs(),
    };
  }

  private publish(process: string | undefined, message: ServerMessage): void {
    this.inboxes.get(process ?? '')?.(message);
  }

  /** The first of `count` new fences. */
  private reserve(count: number): number {
    const fence = Math.max(this.lastFence + 1, this.now());
    this.lastFence = fence + count - 1;
    return fence;
  }

  /** This is where a lock gets an owner. */
  protected own(key: string, token: string, leaseMs: number): void {
    this.leases.set(key, { token, endsAt: this.nowMs() + leaseMs });
  }

  private lease(key: string): StoredLease | undefined {
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

  private companionOrNew(key: string): MemoryCompanion {
    const companion = this.companion(key) ?? new MemoryCompanion();
    this.companions.set(key, companion);
    return companion;
  }

  private nowMs(): number {
    return this.epoch + this.clock.now().monotonic;
  }
}
