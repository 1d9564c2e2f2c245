import type { Clock, Instant } from '../runtime/clock.js';
import type { ConfirmReply, HandedOver, LockStore } from '../store/lock-store.interface.js';
import type { Arrival } from './arrival.js';
import type { Attempts } from './attempts.js';
import { Hold, type HoldOwner } from './hold.js';
import { Lease } from './lease.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { LockRequest } from './lock-request.js';
import type { NotedTokens } from './noted-tokens.js';
import type { UnderWay } from './under-way.js';

/** Whoever enters has at least this share of the lease left. */
const LEAST_LEFT = 1 / 3;

/** What an entry needs. */
export interface EntryParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly keeper: LeaseKeeper;
  readonly attempts: Attempts;
  readonly underWay: UnderWay;
  readonly forced: NotedTokens;
}

/**
 * This is where a lock that was handed over becomes a caller's hold. It enters at once, believing in no more than the grant's short lease,
 * counted from when the token was last known to be in line; the lease that it wants is confirmed meanwhile.
 */
export class Entries {
  constructor(private readonly parts: EntryParts) {}

  /** Undefined where the lease cannot be believed in any more, or must be longer before the caller enters: then it is confirmed first. */
  enter(local: HoldOwner, request: LockRequest, { grant, sent, leaseMs }: Arrival): Hold | undefined {
    const { clock, forced } = this.parts;
    const entered = clock.now();
    const mustConfirm = forced.has(grant.token) || request.replicas !== undefined || (request.holdAtLeast > 0 && leaseMs < request.leaseMs);
    if (mustConfirm || Lease.granted(sent, leaseMs).left(entered) <= leaseMs * LEAST_LEFT) return undefined;
    return this.makeHold(local, request, grant, { sent, entered, leaseMs });
  }

  /** Confirms, and then enters. Undefined where the lock is somebody else's by now. @throws LockStoreError when the answer is not known */
  async enterConfirmed(local: HoldOwner, request: LockRequest, grant: HandedOver): Promise<Hold | undefined> {
    const { clock, attempts, forced } = this.parts;
    const { leaseMs, sharing } = request;
    const sent = clock.now();
    const isOurs =
      sharing === undefined
        ? (await this.ask(local.key, grant.token, leaseMs, 1)) !== undefined
        : await this.renew(local.key, grant, request);
    if (!isOurs) return undefined;
    const entered = clock.now();
    if (forced.has(grant.token) || Lease.granted(sent, leaseMs).left(entered) <= 0) return undefined;
    const hold = this.makeHold(local, request, grant, { sent, entered, leaseMs });
    if (request.replicas !== undefined) await attempts.replicate(hold, request.replicas);
    return hold;
  }

  /** Prolongs the lease that a hold began with to the one it wants, and reserves fences. Where that fails, the keeper goes on trying. */
  async confirm(hold: Hold, reserve: number): Promise<ConfirmReply> {
    const { clock, keeper } = this.parts;
    const sent = clock.now();
    const leaseMs = hold.leaseToAsk(hold.ttl, sent);
    const { extensions } = hold;
    // Its answer is awaited here; until then there is only the deadline to watch.
    hold.renewAt = Infinity;
    try {
      const reply = await this.ask(hold.key, hold.token, leaseMs, reserve);
      if (reply === undefined) hold.lose('taken');
      else keeper.confirmed(hold, sent, leaseMs, extensions, clock.now());
      return reply;
    } catch (error) {
      keeper.failed(hold, error);
      return undefined;
    }
  }

  /** @throws LockStoreError */
  async ask(key: string, token: string, leaseMs: number, reserve: number): Promise<ConfirmReply> {
    const { store, underWay } = this.parts;
    underWay.begin();
    try {
      return await store.confirm({ key, token, leaseMs, reserve });
    } finally {
      underWay.end();
    }
  }

  /** Prolongs the lease of a share, once; no fences are reserved with it. @throws LockStoreError */
  private async renew(key: string, { token }: HandedOver, { leaseMs, sharing }: LockRequest): Promise<boolean> {
    const { store, underWay } = this.parts;
    underWay.begin();
    try {
      const [renewed] = await store.renew([{ key, token, leaseMs, sharing }]);
      if (renewed?.status === 'fulfilled') return renewed.value;
      throw renewed?.reason;
    } finally {
      underWay.end();
    }
  }

  private makeHold(
    local: HoldOwner,
    request: LockRequest,
    { token, fence }: HandedOver,
    when: { readonly sent: Instant; readonly entered: Instant; readonly leaseMs: number },
  ): Hold {
    const { clock, keeper } = this.parts;
    const hold = new Hold({ key: local.key, token, fence, request, owner: local, ...when }, clock);
    local.onEntered(hold);
    keeper.watch(hold, when.entered);
    return hold;
  }
}
