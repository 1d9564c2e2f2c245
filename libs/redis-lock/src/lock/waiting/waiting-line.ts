import { LockStoreError } from '../../errors/lock-store.error.js';
import { LinkedSet } from '../../runtime/linked-set.js';
import { outside } from '../../runtime/outside.js';
import type { HandedOver, HeartbeatReply, PlaceReply, QueueCommand } from '../../store/lock-store.interface.js';
import { isHold, mayTryAgain, type Queued } from '../attempts.js';
import type { Arrival } from '../entries.js';
import type { Hold, HoldOwner } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import type { LineParts } from './line-parts.js';
import { Place, type Heartbeat, type PlaceOwner } from './place.js';
import { StoreTrouble } from './store-trouble.js';
import { Turn } from './turn.js';
import { signalsOf, type WaitRequest } from './wait-request.js';
import { Waiter } from './waiter.js';

/** No more fences than this are reserved at once: the counter must not outrun the clock. */
export const MOST_FENCES = 32;

/** The lock that a line is for, as this process knows it. */
export interface LineOwner extends HoldOwner {
  isAsking: boolean;
  line: WaitingLine | undefined;
  /** A message that came before the reply that says that its token stands in line. */
  takeEarly(token: string): HandedOver | undefined;
}

/** A place that is asked for along with a release. */
export interface NewStanding {
  readonly place: Place;
  readonly command: QueueCommand;
}

/**
 * The callers of this process that wait for one lock, first come, first served, and the one place that they share in the store's queue.
 * They need none while a caller of this process holds the lock: it is passed on to them (hand-off.ts).
 */
export class WaitingLine implements PlaceOwner {
  readonly turn: Turn;
  /** The lock is this process's, and on its way to the next caller. */
  isPassing = false;
  private readonly waiters = new LinkedSet<Waiter>();
  private readonly trouble: StoreTrouble;
  private place: Place | undefined;
  /** When this process began to wait for its present turn, in the server's µs: it keeps its place when it has to queue anew. */
  private since: number | undefined;
  /** A repeated message about it is no news. */
  private accepted = '';

  constructor(
    readonly local: LineOwner,
    private readonly parts: LineParts,
  ) {
    this.turn = new Turn(parts.settings.cohort);
    this.trouble = new StoreTrouble(parts, () => this.advance());
  }

  get length(): number {
    return this.waiters.size;
  }

  /** Why they still wait, where it is that the store does not answer. */
  get storeError(): LockStoreError | undefined {
    return this.trouble.error;
  }

  get next(): Waiter | undefined {
    return this.waiters.oldest;
  }

  /** Rejects with LockBusyError or LockStoreError at the end of the wait, with the signal's reason when it aborts, with the gate's when that does. */
  join(wait: WaitRequest, where: 'first' | 'last' = 'last'): Promise<Hold> {
    const aborted = signalsOf(wait).find((signal) => signal.aborted);
    if (aborted !== undefined) {
      this.advance();
      // Whoever aborted chose the reason; it is passed on as it is.
      return Promise.reject(aborted.reason as Error);
    }
    const waiter = new Waiter(
      wait,
      this.parts,
      (self) => this.leave(self),
      () => this.trouble.verdict(wait),
    );
    if (where === 'first') this.waiters.addFirst(waiter);
    else this.waiters.add(waiter);
    this.advance();
    return waiter.turn;
  }

  /** Does what has to be done next: stands in line in the store, or leaves it when nobody waits any more. */
  advance(): void {
    const { local } = this;
    if (this.waiters.size === 0) this.leaveStore();
    else if (!this.isPassing && !local.isAsking && this.place === undefined && local.hold?.isHeld !== true && !this.trouble.isPausing) {
      // Outside the context of whoever set this going, who may be long gone when others wait.
      outside(() => void this.ask());
    }
  }

  /** The store put a token of ours in line, in answer to an attempt. */
  standInLine({ token, sent, ...reply }: Queued, request: LockRequest): void {
    this.place = this.newPlace(token, request, sent);
    this.place.confirm(token, reply, sent);
    this.trouble.busyFor(reply.leaseLeftMs);
    this.since = reply.since;
    const early = this.local.takeEarly(token);
    if (early !== undefined) this.onGranted(early);
  }

  /** The store did not answer to an attempt: another one follows after a pause. */
  pauseAfter(error: LockStoreError): void {
    this.trouble.note(error, 'pause');
  }

  /** What a release is to put in line for those who still wait; undefined where they need it not. */
  standAgain(): NewStanding | undefined {
    const { next } = this;
    if (next === undefined || this.place !== undefined) return undefined;
    const sent = this.parts.clock.now();
    const place = (this.place = this.newPlace(this.parts.tokens.next(), next.request, sent));
    const { leaseMs, graceMs } = place.terms;
    return { place, command: { token: place.token, leaseMs, graceMs, sent } };
  }

  /** What became of that: undefined where nothing was done about it, or nobody knows. */
  onReleased({ place, command }: NewStanding, reply: PlaceReply | undefined): void {
    if (reply !== undefined) {
      if (this.place === place && reply.token === place.token) this.onPlaceReply(place, command.sent, reply);
      else this.onOwnToken(reply.token);
      return;
    }
    if (this.place === place) this.dropPlace();
    this.parts.takeBack(this.local.key, place.token);
    this.advance();
  }

  onHeartbeat(place: Place, { current, next, sent }: Heartbeat, reply: HeartbeatReply): void {
    this.trouble.clear();
    if (reply.status === 'void') return;
    const isOurs = this.place === place && (reply.token === place.token || (reply.token === next && place.token === current));
    if (reply.status === 'own' || !isOurs) this.onOwnToken(reply.token);
    else this.onPlaceReply(place, sent, reply);
  }

  onMissedHeartbeat({ next }: Heartbeat, error: unknown): void {
    this.parts.takeBack(this.local.key, next);
    if (error instanceof LockStoreError) this.trouble.note(error);
  }

  /** A message: a token of ours owns the lock. */
  onGranted(grant: HandedOver): void {
    const { place } = this;
    const sent = place?.sentOf(grant.token);
    if (place !== undefined && sent !== undefined) this.arrive({ grant, sent, leaseMs: place.terms.graceMs });
    else this.onOwnToken(grant.token);
  }

  close(): void {
    this.place?.end();
    this.trouble.close();
  }

  /** The lock is this process's. The next caller enters; where none is left it goes on to the next process. */
  private arrive({ grant, sent, leaseMs }: Arrival): void {
    this.dropPlace();
    this.since = undefined;
    this.accepted = grant.token;
    const { clock, entries } = this.parts;
    this.turn.begin(grant, 1, clock.now());
    const { next } = this;
    if (next === undefined) {
      this.parts.takeBack(this.local.key, grant.token);
      this.advance();
      return;
    }
    const hold = entries.enter(this.local, next.request, { grant, sent, leaseMs });
    if (hold === undefined) {
      outside(() => void this.enterConfirmed(next, grant));
      return;
    }
    next.resolve(hold);
    if (leaseMs < hold.request.leaseMs) outside(() => void this.confirm(hold));
  }

  /** Asks for the lock, for the head of the line. Never rejects: what an attempt throws reaches the head. */
  private async ask(): Promise<void> {
    const { local, parts } = this;
    const { next } = this;
    if (next === undefined) return;
    const { request } = next;
    const reserve = Math.min(this.waiters.size, MOST_FENCES);
    local.isAsking = true;
    try {
      const answer = await parts.attempts.make(local, request, { reserve, queue: { ...request.standing, since: this.since } });
      local.isAsking = false;
      this.trouble.clear();
      if (isHold(answer)) {
        this.turn.begin({ token: answer.token, fence: answer.fence, others: local.othersWait }, reserve, parts.clock.now());
        this.since = undefined;
        if (this.next?.request === request) this.next.resolve(answer);
        else parts.returnUnused(answer);
      } else if (answer.status === 'queued') {
        this.standInLine(answer, request);
      }
    } catch (error) {
      local.isAsking = false;
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else next.reject(error);
    }
    this.advance();
  }

  private async enterConfirmed(waiter: Waiter, grant: HandedOver): Promise<void> {
    const { local, parts } = this;
    this.isPassing = true;
    let hold: Hold | undefined;
    try {
      hold = await parts.entries.enterConfirmed(local, waiter.request, grant);
    } catch (error) {
      if (mayTryAgain(error)) this.trouble.note(error, 'pause');
      else waiter.reject(error);
    }
    this.isPassing = false;
    if (hold === undefined) parts.takeBack(local.key, grant.token);
    else if (this.next === waiter) waiter.resolve(hold);
    else parts.returnUnused(hold);
    this.advance();
  }

  /** What the confirmation of a first section brings serves the callers after it. */
  private async confirm(hold: Hold): Promise<void> {
    const { clock, entries } = this.parts;
    const reserve = Math.min(Math.max(this.waiters.size, 1), MOST_FENCES);
    const reply = await entries.confirm(hold, reserve);
    if (reply !== undefined && this.local.hold?.token === hold.token) this.turn.report(reply.others, reply.fence, reserve, clock.now());
  }

  private onPlaceReply(place: Place, sent: QueueCommand['sent'], reply: PlaceReply): void {
    if (reply.status === 'granted') {
      this.arrive({ grant: reply, sent, leaseMs: place.terms.leaseMs });
    } else {
      place.confirm(reply.token, reply, sent);
      this.trouble.busyFor(reply.leaseLeftMs);
      this.since = reply.since;
    }
  }

  /** A token of this process that stands in line or owns the lock, and nobody here waits with it: it would keep everybody waiting. */
  private onOwnToken(token: string): void {
    if (token === this.accepted || token === this.place?.token || (this.isPassing && token === this.turn.token)) return;
    if (this.parts.isHeld(token)) return;
    this.parts.takeBack(this.local.key, token);
  }

  private newPlace(token: string, { leaseMs, standing }: LockRequest, sent: QueueCommand['sent']): Place {
    const terms = { key: this.local.key, leaseMs, graceMs: standing.graceMs };
    return new Place(token, terms, sent, this.parts, this);
  }

  private dropPlace(): void {
    this.place?.end();
    this.place = undefined;
  }

  private leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    if (this.waiters.size === 0) this.advance();
  }

  /** Nobody waits any more. */
  private leaveStore(): void {
    const { local, place } = this;
    this.trouble.clear();
    if (place !== undefined) {
      this.dropPlace();
      this.parts.leave(local.key, place.token);
    }
    this.since = undefined;
    if (!this.isPassing && !local.isAsking && local.line === this && local.hold === undefined) local.line = undefined;
  }
}
