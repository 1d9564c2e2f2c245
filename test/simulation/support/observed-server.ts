import { markerOf, sharingOf, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import type {
  ArrivingGrant,
  ArrivingHeartbeat,
  ArrivingPlace,
  ArrivingStanding,
  ServerGrantReply,
  ServerHeartbeatReply,
  ServerMessage,
} from '../../../libs/redis-lock/src/store/memory/memory-messages.js';
import type { PlaceReply, StoredLock } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { FenceBook } from './fence-book.js';
import { PhaseJudge } from './phase-judge.js';
import { QueueJudge } from './queue-judge.js';
import type { World } from './world.js';

/** A lock as it is on the server at a moment. */
export type SeenLock = Pick<StoredLock, 'owner' | 'sharing' | 'shares' | 'leaseLeftMs'>;

const FREE: SeenLock = { owner: undefined, sharing: undefined, shares: [], leaseLeftMs: undefined };

/** The server of a history: what really happened, in the order it did. */
export class ObservedServer extends MemoryLockServer {
  /** Tokens whose lock an operator released by force, or that were lost with the data: their holders may believe until they are told. */
  readonly forced = new Map<string, number>();
  readonly faults: string[] = [];
  /** When a token was last sent that may be granted, in true time. */
  readonly sentAt = new Map<string, number>();
  /** What it answered, and what it did. */
  readonly counts: Record<string, number> = {};
  readonly judge: QueueJudge;
  private readonly phases: PhaseJudge;
  private readonly fences: FenceBook;
  private readonly granted = new Set<string>();
  private readonly takenBack = new Map<string, { readonly key: string; readonly until: number }>();
  private isDowngrading = false;

  constructor(
    readonly world: World,
    readonly rate: number,
    wallAt0: number,
    /** How long an attempt may lie on its way, in ms of true time. */
    private readonly latestMs: number,
  ) {
    super({ now: () => ({ monotonic: 77_000 + world.time * rate, wall: 77_000 + wallAt0 + world.time * rate }) });
    this.judge = new QueueJudge(world, this.faults);
    this.phases = new PhaseJudge(world, this.faults);
    this.fences = new FenceBook(this.faults);
  }

  /** Whether that fence belongs to the grant of that token. */
  gave(token: string, fence: number): boolean {
    return this.fences.gave(token, fence);
  }

  override connect(process: string, receive: (message: ServerMessage) => void): void {
    super.connect(process, (message) => {
      if (message.kind === 'granted' || message.kind === 'shared') this.fences.noteGrant(message.grant);
      receive(message);
    });
  }

  override grant(command: ArrivingGrant): ServerGrantReply {
    const reply = super.grant(command);
    this.count(reply.status);
    if (reply.status === 'granted') this.fences.note(command.token, reply.fence, command.reserve);
    return reply;
  }

  override shareGrant(command: ArrivingGrant, sharing: Sharing): ServerGrantReply {
    const reply = super.shareGrant(command, sharing);
    this.count(`${sharing.kind} ${reply.status}`);
    if (reply.status === 'granted') this.fences.noteGrant({ ...reply, token: command.token });
    return reply;
  }

  override grantAll(
    claims: readonly { key: string; token: string }[],
    leaseMs: number,
    deadline?: number,
  ): readonly number[] | 'stale' | undefined {
    const fences = super.grantAll(claims, leaseMs, deadline);
    this.count(typeof fences === 'object' ? 'all granted' : 'not all granted');
    if (typeof fences === 'object') claims.forEach(({ token }, i) => this.fences.note(token, fences[i] ?? NaN, 1));
    return fences;
  }

  override release(key: string, token: string, keepMs: number, next?: ArrivingPlace): { released: boolean; next: PlaceReply | undefined } {
    const reply = super.release(key, token, keepMs, next);
    if (reply.next?.status === 'granted') this.fences.noteGrant(reply.next);
    return reply;
  }

  override shareRelease(
    key: string,
    token: string,
    keepMs: number,
    next?: ArrivingPlace,
  ): { released: boolean; next: PlaceReply | undefined } {
    const reply = super.shareRelease(key, token, keepMs, next);
    if (reply.next?.status === 'granted') this.fences.noteGrant(reply.next);
    return reply;
  }

  override heartbeat(beat: ArrivingHeartbeat): ServerHeartbeatReply {
    if (this.now() <= beat.deadline) this.judge.heard(beat.current, beat.liveMs);
    const reply = super.heartbeat(beat);
    if (reply.status === 'granted') this.fences.noteGrant(reply);
    return reply;
  }

  override shareHeartbeat(beat: ArrivingHeartbeat, sharing: Sharing): ServerHeartbeatReply {
    if (this.now() <= beat.deadline) this.judge.heard(beat.current, beat.liveMs);
    const reply = super.shareHeartbeat(beat, sharing);
    if (reply.status === 'granted') this.fences.noteGrant(reply);
    return reply;
  }

  override confirm(key: string, token: string, leaseMs: number, reserve: number): { fence: number; others: boolean } | undefined {
    const reply = super.confirm(key, token, leaseMs, reserve);
    if (reply !== undefined) this.fences.note(token, reply.fence, reserve);
    return reply;
  }

  override shareRenew(key: string, token: string, leaseMs: number): boolean {
    const hadShare = this.hasShare(key, token);
    const isRenewed = super.shareRenew(key, token, leaseMs);
    if (isRenewed && !hadShare) this.faults.push(`${key}: a share was renewed whose lease had ended`);
    return isRenewed;
  }

  override downgrade(key: string, token: string, leaseMs: number, deadline?: number): boolean | 'stale' {
    this.isDowngrading = true;
    const done = super.downgrade(key, token, leaseMs, deadline);
    this.isDowngrading = false;
    return done;
  }

  override cancel(key: string, token: string, tombstoneMs: number): void {
    super.cancel(key, token, tombstoneMs);
    this.noteTakenBack(key, token, tombstoneMs);
  }

  override shareCancel(key: string, token: string, tombstoneMs: number, sharing: Sharing): void {
    super.shareCancel(key, token, tombstoneMs, sharing);
    this.noteTakenBack(key, token, tombstoneMs);
  }

  override forceRelease(key: string): boolean {
    this.noteForced(key);
    return super.forceRelease(key);
  }

  /** As a restart without data, or a failover. Tombstones stay, or the checks here would not hold. */
  override loseData(): void {
    for (const key of this.keys()) this.noteForced(key);
    super.loseData();
    // Its own, and private to everybody else.
    Object.assign(this, { lastFence: 0 });
    this.fences.startAnew();
    this.phases.forget();
    for (const [token, { key, until }] of this.takenBack) {
      const left = (until - this.world.time) * this.rate;
      if (left > 0) super.cancel(key, token, left);
    }
  }

  /** The same as inspect, and quicker: it is asked for after each event. */
  look(key: string): SeenLock {
    const lease = this.lease(key);
    if (lease === undefined) return FREE;
    const leaseLeftMs = lease.endsAt - this.nowMs();
    const sharing = sharingOf(lease.token);
    if (sharing === undefined) return { owner: lease.token, sharing, shares: [], leaseLeftMs };
    const shares = (this.companion(key)?.allShares ?? []).map(([token, until]) => ({ token, leaseLeftMs: until - this.nowMs() }));
    return { owner: undefined, sharing, shares, leaseLeftMs };
  }

  /** Whatever has not gone by now. */
  *leftovers(): Iterable<string> {
    for (const key of this.keys()) yield `${key} is locked`;
    for (const key of [...this.companions.keys()]) if (this.companion(key) !== undefined) yield `something lies beside ${key}`;
  }

  protected override reserve(count: number): number {
    const fence = super.reserve(count);
    this.fences.check(fence, count);
    return fence;
  }

  protected override own(key: string, token: string, leaseMs: number): void {
    const companion = this.companion(key);
    const winner = companion?.writers.find(token);
    this.checkGrant(key, token, winner === undefined);
    this.phases.alone(key, winner, companion);
    if (companion !== undefined && winner !== undefined) {
      this.count('handedOver');
      this.judge.handedOver(key, winner, companion.writers);
    }
    super.own(key, token, leaseMs);
  }

  protected override share(key: string, token: string, count: number, leaseMs: number, sharing: Sharing): void {
    const companion = this.companion(key);
    // Leases of shares that it has are made longer.
    if (!this.hasShare(key, token)) {
      const line = companion && this.lineOf(companion, sharing);
      const winner = line?.find(token);
      if (this.isDowngrading && winner === undefined) this.count('downgrade');
      else this.checkGrant(key, token, winner === undefined);
      const isOpen = this.lease(key)?.token === markerOf(sharing);
      if (sharing.kind === 'permit') this.phases.permit(key, winner, companion);
      else this.phases.read(key, winner, companion, isOpen);
      if (line !== undefined && winner !== undefined) {
        this.count(`${sharing.kind} handedOver`);
        this.judge.handedOver(key, winner, line);
      }
    }
    super.share(key, token, count, leaseMs, sharing);
    const shares = this.companion(key)?.shareCount ?? 0;
    if (sharing.kind === 'permit' && shares > sharing.limit)
      this.faults.push(`${key}: ${String(shares)} permits of ${String(sharing.limit)} were given`);
  }

  protected override enqueue(key: string, token: string, standing: ArrivingStanding): void {
    this.checkAge(key, token);
    if (this.takenBack.has(token)) this.faults.push(`${key}: an attempt was put in line after it had been taken back`);
    super.enqueue(key, token, standing);
    this.judge.heard(token, standing.liveMs);
  }

  private hasShare(key: string, token: string): boolean {
    return this.companion(key)?.allShares.some(([share]) => share === token) === true;
  }

  private checkGrant(key: string, token: string, isDirect: boolean): void {
    if (this.granted.has(token)) this.faults.push(`${key}: one token was granted twice`);
    if (this.takenBack.has(token)) this.faults.push(`${key}: an attempt was granted after it had been taken back`);
    if (isDirect) this.checkAge(key, token);
    this.granted.add(token);
  }

  private checkAge(key: string, token: string): void {
    const age = this.world.time - (this.sentAt.get(token) ?? -Infinity);
    if (age > this.latestMs) this.faults.push(`${key}: an attempt took effect ${age.toFixed(0)} ms after it was sent`);
  }

  private noteTakenBack(key: string, token: string, tombstoneMs: number): void {
    if (tombstoneMs > 0) this.takenBack.set(token, { key, until: this.world.time + tombstoneMs / this.rate });
  }

  private noteForced(key: string): void {
    const { owner, shares } = this.look(key);
    for (const token of owner === undefined ? shares.map((share) => share.token) : [owner]) this.forced.set(token, this.world.time);
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}
