import type { Clock, Instant, Timer, Timers } from '../../runtime/clock.js';
import { outside } from '../../runtime/outside.js';
import type { HeartbeatReply, LockStore, QueuedReply } from '../../store/lock-store.interface.js';
import type { Sharing } from '../../store/sharing.js';
import type { TokenSource } from '../token-source.js';
import type { UnderWay } from '../under-way.js';

/** What a place in line works with. */
export interface PlaceParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly tokens: TokenSource;
  readonly random: () => number;
  readonly underWay: UnderWay;
}

/** What is asked for with a place. */
export interface PlaceTerms {
  readonly key: string;
  readonly sharing: Sharing | undefined;
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** Who is told what heartbeats find out. */
export interface PlaceOwner {
  /** How many shares are wanted at once; undefined for the lock as a whole. */
  readonly wanted: number | undefined;
  onHeartbeat(place: Place, beat: Heartbeat, reply: HeartbeatReply): void;
  onMissedHeartbeat(place: Place, beat: Heartbeat, error: unknown): void;
}

/** One heartbeat: what it was sent with. */
export interface Heartbeat {
  readonly current: string;
  readonly next: string;
  readonly sent: Instant;
}

/** A process in line is heard of this often; the head looks as soon as the holder's lease ends, but not more often than that. In ms. */
const BEAT_MS = 500;
const SHORTEST_BEAT_MS = 50;
/** Readers that come one after the other are told of by one heartbeat, in ms. */
const GATHER_MS = 2;
/** More heartbeats than this cannot lie on their way. */
const MOST_UNCLEAR = 8;

/**
 * The place of this process in the store's queue. Its heartbeats keep it, and find what a message should have told: they repair lost
 * messages, lost queues and lapsed leases. They do not wait for each other: on a slow connection a place must not lapse.
 */
export class Place {
  /** When the last command was sent whose reply said that the token is in line: a grant cannot be older. */
  seen: Instant;
  /** When the process first queued, in the server's µs. */
  since: number | undefined;
  /** Tokens of heartbeats whose answer never came: each may stand in line in place of ours. */
  readonly unclear: string[] = [];
  /** Tokens that heartbeats under way may put in line in place of ours. */
  private readonly underWay = new Map<string, Instant>();
  private timer: Timer | undefined;
  private beatAt = Infinity;
  private ended = false;
  private wasLate = false;

  constructor(
    public token: string,
    readonly terms: PlaceTerms,
    sent: Instant,
    /** How many callers the store knows of, where it has to know; those who come later are told of by a heartbeat. */
    private stated: number,
    private readonly parts: PlaceParts,
    private readonly owner: PlaceOwner,
  ) {
    this.seen = sent;
  }

  /** The store says that the token is in line, in answer to a command sent then. */
  confirm(token: string, { since, isHead, leaseLeftMs }: QueuedReply, sent: Instant): void {
    this.token = token;
    this.since = since;
    if (sent.monotonic > this.seen.monotonic) this.seen = sent;
    const left = isHead && leaseLeftMs !== undefined ? leaseLeftMs + this.parts.random() * SHORTEST_BEAT_MS : BEAT_MS;
    this.beatIn(Math.min(Math.max(left, SHORTEST_BEAT_MS), BEAT_MS));
    this.stateWanted();
  }

  /** Only readers are served all at once. */
  stateWanted(): void {
    if (this.terms.sharing?.kind === 'read' && (this.owner.wanted ?? 0) > this.stated) this.beatIn(GATHER_MS);
  }

  /** A moment before the token was put in line, if it is ours or may be: a message may come before the reply that tells of its token. */
  sentOf(token: string): Instant | undefined {
    return token === this.token ? this.seen : this.underWay.get(token);
  }

  /** Nothing is heard of it any more. */
  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }

  private beatIn(ms: number): void {
    const at = this.parts.clock.now().monotonic + ms;
    if (this.ended || at >= this.beatAt) return;
    this.timer?.cancel();
    this.beatAt = at;
    this.timer = this.parts.timers.after(ms, () => outside(() => this.beat()), { background: true });
  }

  private beat(): void {
    const { store, clock, tokens } = this.parts;
    const { wanted } = this.owner;
    if (wanted !== undefined) this.stated = wanted;
    const beat: Heartbeat = { current: this.token, next: tokens.next(), sent: clock.now() };
    this.beatAt = Infinity;
    this.beatIn(BEAT_MS);
    this.underWay.set(beat.next, beat.sent);
    this.parts.underWay.begin();
    const command = { ...this.terms, current: beat.current, token: beat.next, since: this.since, sent: beat.sent };
    store.heartbeat(wanted === undefined ? command : { ...command, count: wanted }).then(
      (reply) => {
        this.onAnswer(beat);
        // Too late by the server's clock, or by what is known of it, as over a new connection: the reply told the time.
        if (reply.status === 'void') this.beatIn(this.wasLate ? SHORTEST_BEAT_MS : 0);
        this.wasLate = reply.status === 'void';
        this.owner.onHeartbeat(this, beat, reply);
      },
      (error: unknown) => {
        this.onAnswer(beat);
        this.owner.onMissedHeartbeat(this, beat, error);
      },
    );
  }

  private onAnswer(beat: Heartbeat): void {
    this.underWay.delete(beat.next);
    this.parts.underWay.end();
    // Older ones are past their deadline by now.
    if (this.unclear.length > MOST_UNCLEAR) this.unclear.shift();
  }
}
