import type { Clock } from '../../runtime/clock.js';
import type { StoredLock } from '../lock-store.interface.js';

/** A message to one process, as the Redis scripts publish them. */
export type ServerMessage =
  { readonly kind: 'wake'; readonly key: string } | { readonly kind: 'forced'; readonly key: string; readonly token: string };

/** An attempt as it arrives: its deadline is in the server's time, µs. */
export interface ArrivingGrant {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly deadline: number;
  readonly reserve: number;
  /** The process to wake when the lock is freed; undefined for none. */
  readonly wakeProcess: string | undefined;
  readonly wakeLapseMs: number;
}

/** Reply to an attempt; `now` is the server's time in µs. */
export type ServerGrantReply = { readonly now: number } & (
  | { readonly status: 'granted'; readonly fence: number }
  | { readonly status: 'busy'; readonly leaseLeftMs: number }
  | { readonly status: 'stale' | 'cancelled' }
);

interface StoredLease {
  readonly token: string;
  endsAt: number;
}

/** What lies beside a lock: tombstones and wake requests, each until a moment in ms. */
interface Companion {
  readonly tombstones: Map<string, number>;
  readonly wakeRequests: Map<string, number>;
}

/**
 * The server's side of the protocol in this process: each method does what the Lua script of the same name does, in one step.
 * Several stores may share one server, as several instances share one Redis.
 */
export class MemoryLockServer {
  private readonly leases = new Map<string, StoredLease>();
  private readonly companions = new Map<string, Companion>();
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
    const now = this.now();
    if (now > command.deadline) return { status: 'stale', now };
    if (this.companion(command.key)?.tombstones.has(command.token) === true) return { status: 'cancelled', now };
    const holder = this.lease(command.key);
    if (holder !== undefined) {
      if (command.wakeProcess !== undefined) {
        this.companionOrNew(command.key).wakeRequests.set(command.wakeProcess, this.nowMs() + command.wakeLapseMs);
      }
      return { status: 'busy', now, leaseLeftMs: holder.endsAt - this.nowMs() };
    }
    this.leases.set(command.key, { token: command.token, endsAt: this.nowMs() + command.leaseMs });
    const fence = Math.max(this.lastFence + 1, now);
    this.lastFence = fence + command.reserve - 1;
    return { status: 'granted', now, fence };
  }

  release(key: string, token: string, keepMs: number): boolean {
    const lease = this.lease(key);
    if (lease?.token !== token) return false;
    if (keepMs > 0) lease.endsAt = this.nowMs() + keepMs;
    else this.free(key);
    return true;
  }

  cancel(key: string, token: string, tombstoneMs: number): void {
    if (this.lease(key)?.token === token) this.free(key);
    this.companionOrNew(key).tombstones.set(token, this.nowMs() + tombstoneMs);
  }

  /** Prolongs, never shortens. */
  renew(key: string, token: string, leaseMs: number): boolean {
    const lease = this.lease(key);
    if (lease?.token !== token) return false;
    lease.endsAt = Math.max(lease.endsAt, this.nowMs() + leaseMs);
    return true;
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
    this.free(key);
    this.inboxes.get(lease.token.split('.')[0] ?? '')?.({ kind: 'forced', key, token: lease.token });
    return true;
  }

  inspect(key: string): StoredLock {
    const lease = this.lease(key);
    return {
      key,
      owner: lease?.token,
      foreignType: undefined,
      leaseLeftMs: lease === undefined ? undefined : lease.endsAt - this.nowMs(),
      waiting: [...(this.companion(key)?.wakeRequests.keys() ?? [])],
    };
  }

  /** Every key that is locked now. */
  *keys(): Iterable<string> {
    for (const key of [...this.leases.keys()]) if (this.lease(key) !== undefined) yield key;
  }

  private free(key: string): void {
    this.leases.delete(key);
    const companion = this.companion(key);
    if (companion === undefined) return;
    const processes = [...companion.wakeRequests.keys()];
    companion.wakeRequests.clear();
    for (const process of processes) this.inboxes.get(process)?.({ kind: 'wake', key });
  }

  private lease(key: string): StoredLease | undefined {
    const lease = this.leases.get(key);
    if (lease !== undefined && lease.endsAt <= this.nowMs()) this.leases.delete(key);
    return this.leases.get(key);
  }

  private companion(key: string): Companion | undefined {
    const companion = this.companions.get(key);
    if (companion === undefined) return undefined;
    const now = this.nowMs();
    for (const lapsing of [companion.tombstones, companion.wakeRequests]) {
      for (const [name, until] of lapsing) if (until <= now) lapsing.delete(name);
    }
    if (companion.tombstones.size + companion.wakeRequests.size === 0) this.companions.delete(key);
    return this.companions.get(key);
  }

  private companionOrNew(key: string): Companion {
    const companion = this.companion(key) ?? { tombstones: new Map<string, number>(), wakeRequests: new Map<string, number>() };
    this.companions.set(key, companion);
    return companion;
  }

  private nowMs(): number {
    return this.epoch + this.clock.now().monotonic;
  }
}
