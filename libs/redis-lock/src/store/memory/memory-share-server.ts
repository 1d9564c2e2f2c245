import { processOf, type HandedOver, type PlaceReply } from '../lock-store.interface.js';
import { markerOf, shareToken, sharingOf, type Sharing } from '../sharing.js';
import { MemoryHandOver } from './memory-hand-over.js';
import type { ArrivingGrant, ArrivingHeartbeat, ArrivingPlace, ServerGrantReply, ServerHeartbeatReply } from './memory-messages.js';

/** Locks that are shared by readers or by permits: each method does what the Lua script of its name does, in one step. */
export abstract class MemoryShareServer extends MemoryHandOver {
  shareGrant(command: ArrivingGrant, sharing: Sharing): ServerGrantReply {
    const { key, token, reserve, queue } = command;
    const now = this.now();
    if (now > command.deadline) return { status: 'stale', now };
    if (this.companion(key)?.isBuried(token) === true) return { status: 'cancelled', now };
    const marker = markerOf(sharing);
    if (this.lease(key) === undefined) this.handOver(key, 'unknown');
    else if (this.lease(key)?.token === marker && sharing.kind === 'permit') this.settle(key);
    const owner = this.lease(key)?.token;
    const found = sharingOf(owner);
    if (owner !== undefined && owner !== marker && (found !== undefined || (sharing.kind === 'permit' && processOf(owner) !== undefined))) {
      return { status: 'mismatch', found, now };
    }
    const companion = this.companionOrNew(key);
    if (owner === undefined) companion.dropShares();
    const count = owner === undefined || owner === marker ? this.countFor(key, sharing, reserve) : 0;
    if (count > 0) {
      this.share(key, token, count, command.leaseMs, sharing);
      return { status: 'granted', now, fence: this.reserve(count), others: false, shares: count };
    }
    if (queue === undefined) return { status: 'busy', now, leaseLeftMs: this.queued(key, token, sharing).leaseLeftMs };
    this.enqueue(key, token, queue);
    return { ...this.queued(key, token, sharing), now };
  }

  shareRelease(key: string, token: string, keepMs: number, next?: ArrivingPlace): { released: boolean; next: PlaceReply | undefined } {
    const companion = this.companion(key);
    if (companion === undefined || !this.isShare(key, token)) return { released: false, next: undefined };
    if (keepMs > 0) {
      companion.setShare(token, this.nowMs() + keepMs);
      this.fitLock(key);
      return { released: true, next: undefined };
    }
    companion.dropShare(token);
    if (next === undefined || this.now() > next.deadline || companion.isBuried(next.token)) {
      this.settle(key);
      return { released: true, next: undefined };
    }
    this.enqueue(key, next.token, next);
    const grant = this.settle(key, next);
    return { released: true, next: this.placeReply(key, next.token, grant, next.sharing) };
  }

  shareHeartbeat(beat: ArrivingHeartbeat, sharing: Sharing): ServerHeartbeatReply {
    const { key, current, token, leaseMs, deadline, count = 1 } = beat;
    const now = this.now();
    if (now > deadline) return { status: 'stale', now };
    const companion = this.companionOrNew(key);
    const line = this.lineOf(companion, sharing);
    const owner = this.lease(key)?.token;
    let shares = 0;
    while (this.isShare(key, shareToken(current, shares))) shares++;
    if (shares > 0) {
      this.share(key, current, shares, leaseMs, sharing);
      return { status: 'granted', now, token: current, fence: this.reserve(shares), others: false, shares };
    }
    const process = processOf(current) ?? '';
    const entry = line.find(current);
    let inLine = current;
    if (entry !== undefined) {
      const mark = line.markOf(process) ?? 'subscribed';
      line.setMark(process, mark === 'subscribed' && beat.hears ? mark : 'unknown', this.nowMs() + beat.liveMs);
      if (sharing.kind === 'read' && entry.count !== count) line.add(current, { ...entry, count });
    } else {
      if (companion.isBuried(token)) return { status: 'stale', now };
      const ghost = line.entryOf(process);
      if (ghost !== undefined) line.remove(ghost);
      this.enqueue(key, token, beat);
      inLine = token;
    }
    const own = { token: inLine, leaseMs };
    const grant = owner === undefined ? this.handOver(key, 'unknown', own) : this.settle(key, own);
    return { ...this.placeReply(key, inLine, grant, sharing), now };
  }

  /** @param tombstoneMs 0 for none */
  shareCancel(key: string, token: string, tombstoneMs: number, sharing: Sharing): void {
    const companion = this.companion(key);
    companion?.dropShares(token);
    if (companion !== undefined) {
      const line = this.lineOf(companion, sharing);
      const entry = line.find(token);
      if (entry !== undefined) {
        line.remove(entry);
        if (line.entryOf(entry.process) === undefined) line.unmark(entry.process);
      }
    }
    if (tombstoneMs > 0) this.companionOrNew(key).bury(token, this.nowMs() + tombstoneMs);
    this.settle(key);
  }

  /** Prolongs, never shortens. */
  shareRenew(key: string, token: string, leaseMs: number): boolean {
    const lease = this.lease(key);
    const until = this.companion(key)?.shareUntil(token);
    if (lease === undefined || until === undefined || !this.isShare(key, token)) return false;
    this.companion(key)?.setShare(token, Math.max(until, this.nowMs() + leaseMs));
    lease.endsAt = Math.max(lease.endsAt, this.nowMs() + leaseMs);
    return true;
  }

  shareExtend(key: string, token: string, leaseMs: number, deadline = Infinity): boolean | 'stale' {
    if (this.now() > deadline) return 'stale';
    if (!this.isShare(key, token)) return false;
    this.companion(key)?.setShare(token, this.nowMs() + leaseMs);
    this.fitLock(key);
    return true;
  }

  /** Whether it has a share of a lock that is still shared. */
  private isShare(key: string, token: string): boolean {
    return sharingOf(this.lease(key)?.token) !== undefined && this.companion(key)?.shareUntil(token) !== undefined;
  }

  private countFor(key: string, sharing: Sharing, wanted: number): number {
    const companion = this.companion(key);
    if (companion?.writers.isWaiting === true) return 0;
    return sharing.kind === 'read' ? wanted : Math.max(0, Math.min(wanted, sharing.limit - (companion?.shareCount ?? 0)));
  }

  private placeReply(key: string, token: string, grant: HandedOver | undefined, sharing: Sharing | undefined): PlaceReply {
    return grant === undefined ? { ...this.queued(key, token, sharing), token } : { ...grant, status: 'granted' };
  }
}
