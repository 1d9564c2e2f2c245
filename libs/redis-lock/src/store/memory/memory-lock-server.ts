import { processOf, type PlaceReply, type StoredLock } from '../lock-store.interface.js';
import { READING, sharingOf } from '../sharing.js';
import { MemoryShareServer } from './memory-share-server.js';
import type {
  ArrivingGrant,
  ArrivingHeartbeat,
  ArrivingPlace,
  ServerGrantReply,
  ServerHeartbeatReply,
  ServerMessage,
} from './memory-messages.js';

/**
 * The server's side of the protocol in this process: each method does what the Lua script of the same name does, in one step.
 * Several stores may share one server, as several instances share one Redis.
 */
export class MemoryLockServer extends MemoryShareServer {
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
    if (companion !== undefined && this.lease(key) === undefined) this.handOver(key, 'unknown');
    const holder = this.lease(key);
    const found = sharingOf(holder?.token);
    if (found?.kind === 'permit') return { status: 'mismatch', found, now };
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
      this.handOver(key, 'writer');
      return { released: true, next: undefined };
    }
    this.enqueue(key, next.token, next);
    const grant = this.handOver(key, 'writer', next);
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
    // A downgrade may have made a reader of it.
    if (!owned) companion?.dropShares(token);
    const entry = companion?.writers.find(token);
    if (companion !== undefined && entry !== undefined) {
      companion.writers.remove(entry);
      if (companion.writers.entryOf(entry.process) === undefined) companion.writers.unmark(entry.process);
    }
    if (tombstoneMs > 0) this.companionOrNew(key).bury(token, this.nowMs() + tombstoneMs);
    if (owned) this.handOver(key, 'writer');
    else this.settle(key);
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
    const { writers } = companion;
    if (writers.find(current) !== undefined) {
      const mark = writers.markOf(process) ?? 'subscribed';
      writers.setMark(process, mark === 'subscribed' && standing.hears ? mark : 'unknown', this.nowMs() + standing.liveMs);
    } else {
      if (holder !== undefined && processOf(holder.token) === process) return { status: 'own', now, token: holder.token };
      if (companion.isBuried(token)) return { status: 'stale', now };
      const ghost = writers.entryOf(process);
      if (ghost !== undefined) writers.remove(ghost);
      this.enqueue(key, token, standing);
      inLine = token;
    }
    const grant = holder === undefined ? this.handOver(key, 'unknown', { token: inLine, leaseMs }) : undefined;
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

  /** Whoever holds the lock alone goes on as a reader; readers in line begin as well. */
  downgrade(key: string, token: string, leaseMs: number, deadline = Infinity): boolean | 'stale' {
    if (this.now() > deadline) return 'stale';
    const lease = this.lease(key);
    if (lease?.token !== token) return false;
    this.leases.delete(key);
    this.companion(key)?.dropShares();
    this.share(key, token, 1, Math.max(lease.endsAt - this.nowMs(), leaseMs), READING);
    this.admitReaders(key, this.companionOrNew(key), undefined);
    return true;
  }

  /** All or none, where each is free and nobody waits for it; undefined where that is not so. */
  grantAll(
    claims: readonly { key: string; token: string }[],
    leaseMs: number,
    deadline = Infinity,
  ): readonly number[] | 'stale' | undefined {
    if (this.now() > deadline) return 'stale';
    if (claims.some(({ key }) => this.lease(key) !== undefined || this.companion(key) !== undefined)) return undefined;
    for (const { key, token } of claims) this.own(key, token, leaseMs);
    const first = this.reserve(claims.length);
    return claims.map((_, i) => first + i);
  }

  forceRelease(key: string): boolean {
    const lease = this.lease(key);
    if (lease === undefined) return false;
    this.leases.delete(key);
    const companion = this.companion(key);
    const tokens = sharingOf(lease.token) === undefined ? [lease.token] : (companion?.allShares ?? []).map(([token]) => token);
    companion?.dropShares();
    for (const token of tokens) this.publish(processOf(token), { kind: 'forced', key, token });
    this.handOver(key, 'unknown');
    return true;
  }

  inspect(key: string): StoredLock {
    const lease = this.lease(key);
    const sharing = sharingOf(lease?.token);
    const shares = sharing === undefined ? [] : (this.companion(key)?.allShares ?? []);
    return {
      key,
      owner: sharing === undefined ? lease?.token : undefined,
      sharing,
      shares: shares.map(([token, until]) => ({ token, leaseLeftMs: until - this.nowMs() })),
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
}
