import { LockStoreError } from '../../errors/lock-store.error.js';
import type { Instant } from '../../runtime/clock.js';
import type { HandedOver, HeartbeatReply, PlaceReply, QueueCommand } from '../../store/lock-store.interface.js';
import type { Queued } from '../attempts.js';
import type { Sharing } from '../../store/sharing.js';
import type { Arrival } from '../arrival.js';
import type { LockRequest } from '../lock-request.js';
import type { LineParts } from './line-parts.js';
import { Place, type Heartbeat, type PlaceOwner } from './place.js';
import type { StoreTrouble } from './store-trouble.js';

/** A place that is asked for along with a release. */
export interface NewStanding {
  readonly place: Place;
  readonly command: QueueCommand;
}

/** What standing in the store's queue needs of the line that it is for. */
export interface StoreQueueOwner {
  readonly local: {
    readonly key: string;
    readonly sharing: Sharing | undefined;
    /** A message that came before the reply that says that its token stands in line. */
    takeEarly(token: string): HandedOver | undefined;
  };
  readonly trouble: StoreTrouble;
  /** How many shares are wanted at once; undefined for the lock as a whole. */
  readonly wanted: number | undefined;
  /** The lock is this process's. `unconfirmed`: for a short while only. */
  arrive(arrival: Arrival, lease: 'confirmed' | 'unconfirmed'): void;
  advance(): void;
}

/**
 * This process in the store's queue for one lock: at most one place, and what becomes of its tokens. A grant is accepted once, for the
 * current token; whatever else of ours turns up in the queue or owns the lock is given back, or it would keep everybody waiting.
 */
export class StoreQueue implements PlaceOwner {
  private place: Place | undefined;
  /** When this process began to wait for its present turn, in the server's µs: it keeps its place when it has to queue anew. */
  since: number | undefined;
  /** A repeated message about it is no news. */
  private accepted = '';

  constructor(
    private readonly owner: StoreQueueOwner,
    private readonly parts: LineParts,
  ) {}

  get isStanding(): boolean {
    return this.place !== undefined;
  }

  /** The store put a token of ours in line, in answer to an attempt. */
  stand({ token, sent, wanted, ...reply }: Queued, request: LockRequest): void {
    this.drop();
    const place = (this.place = this.newPlace(token, request, sent, wanted));
    this.onPlaceReply(place, sent, { ...reply, token });
    const early = this.owner.local.takeEarly(token);
    if (early !== undefined) this.onGranted(early);
  }

  /** What a release is to put in line for those who still wait. */
  standAgain(request: LockRequest): NewStanding {
    const sent = this.parts.clock.now();
    const { wanted } = this.owner;
    const place = (this.place = this.newPlace(this.parts.tokens.next(), request, sent, wanted));
    const { leaseMs, graceMs } = place.terms;
    const command = { token: place.token, leaseMs, graceMs, sent };
    return { place, command: wanted === undefined ? command : { ...command, count: wanted } };
  }

  /** What became of that: undefined where nothing was done about it, or nobody knows. */
  onReleased({ place, command }: NewStanding, reply: PlaceReply | undefined): void {
    if (reply !== undefined) {
      if (this.place === place && reply.token === place.token) this.onPlaceReply(place, command.sent, reply);
      else this.takeBack(reply.token, place);
      return;
    }
    if (this.place === place) this.drop();
    // It may have been granted, and its message accepted, while the answer stayed out.
    this.takeBack(place.token, place);
    this.owner.advance();
  }

  onHeartbeat(place: Place, { current, next, sent }: Heartbeat, reply: HeartbeatReply): void {
    // Without a place somebody else is about to ask, after a pause.
    if (this.place !== undefined) this.owner.trouble.clear();
    if (reply.status === 'void') return;
    const isOurs = this.place === place && (reply.token === place.token || (reply.token === next && place.token === current));
    if (reply.status === 'own' || !isOurs) this.takeBack(reply.token, place);
    else this.onPlaceReply(place, sent, reply);
  }

  onMissedHeartbeat(place: Place, { next }: Heartbeat, error: unknown): void {
    // While the place stands the next heartbeat finds out what became of this one.
    if (this.place === place) place.unclear.push(next);
    else this.takeBack(next, place);
    if (error instanceof LockStoreError) this.owner.trouble.note(error);
  }

  /** A message: a token of ours owns the lock. */
  onGranted(grant: HandedOver): void {
    const { place } = this;
    const sent = place?.sentOf(grant.token);
    if (place !== undefined && sent !== undefined) this.arrive({ grant, sent, leaseMs: place.terms.graceMs }, 'unconfirmed');
    else this.takeBack(grant.token, place);
  }

  /** Tells the store if more callers wait by now than it knows of: all of them can be served at once. */
  stateWanted(): void {
    this.place?.stateWanted();
  }

  get wanted(): number | undefined {
    return this.owner.wanted;
  }

  /** Nobody waits any more. */
  leave(): void {
    const { place } = this;
    this.since = undefined;
    if (place === undefined) return;
    this.drop();
    this.parts.leave(place.terms.key, place.token, this.owner.local.sharing);
  }

  close(): void {
    this.place?.end();
  }

  private arrive(arrival: Arrival, lease: 'confirmed' | 'unconfirmed'): void {
    this.drop();
    this.since = undefined;
    this.accepted = arrival.grant.token;
    this.owner.arrive(arrival, lease);
  }

  private onPlaceReply(place: Place, sent: Instant, reply: PlaceReply): void {
    if (reply.status === 'granted') {
      this.arrive({ grant: reply, sent, leaseMs: place.terms.leaseMs }, 'confirmed');
    } else {
      place.confirm(reply.token, reply, sent);
      this.owner.trouble.busyFor(reply.leaseLeftMs);
      this.since = reply.since;
    }
  }

  private takeBack(token: string, place: Place | undefined): void {
    const { key, sharing } = this.owner.local;
    if (token === this.accepted || token === this.place?.token || this.parts.isInUse(key, token)) return;
    this.parts.takeBack(key, token, place?.terms.leaseMs, sharing);
  }

  private newPlace(token: string, { leaseMs, standing }: LockRequest, sent: Instant, stated = 1): Place {
    const { key, sharing } = this.owner.local;
    const terms = { key, sharing, leaseMs, graceMs: standing.graceMs };
    return new Place(token, terms, sent, stated, this.parts, this);
  }

  private drop(): void {
    const { place } = this;
    if (place === undefined) return;
    place.end();
    this.place = undefined;
    for (const token of place.unclear) this.takeBack(token, place);
  }
}
