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
import { QueueJudge } from './queue-judge.js';
import type { World } from './world.js';

/** The server of a history: what really happened, in the order it did. */
export class ObservedServer extends MemoryLockServer {
  /** Tokens whose lock an operator released by force, or that were lost with the data: their holders may believe until they are told. */
  readonly forced = new Map<string, number>();
  readonly faults: string[] = [];
  /** When a token was last sent that may be granted, in true time. */
  readonly sentAt = new Map<string, number>();
  readonly counts: Record<ServerGrantReply['status'] | 'handedOver', number> = {
    granted: 0,
    busy: 0,
    queued: 0,
    stale: 0,
    cancelled: 0,
    handedOver: 0,
  };
  readonly judge: QueueJudge;
  /** Fences that were given out, first and last, by the token they are good for. */
  private readonly fences = new Map<string, [first: number, last: number][]>();
  private readonly granted = new Set<string>();
  private readonly takenBack = new Map<string, { readonly key: string; readonly until: number }>();
  private lastGiven = 0;

  constructor(
    readonly world: World,
    readonly rate: number,
    wallAt0: number,
    /** How long an attempt may lie on its way, in ms of true time. */
    private readonly latestMs: number,
  ) {
    super({ now: () => ({ monotonic: 77_000 + world.time * rate, wall: 77_000 + wallAt0 + world.time * rate }) });
    this.judge = new QueueJudge(world, this.faults);
  }

  /** Whether that fence belongs to the grant of that token. */
  gave(token: string, fence: number): boolean {
    return this.fences.get(token)?.some(([first, last]) => first <= fence && fence <= last) === true;
  }

  override connect(process: string, receive: (message: ServerMessage) => void): void {
    super.connect(process, (message) => {
      if (message.kind === 'granted') this.noteFences(message.grant.token, message.grant.fence, 1);
      receive(message);
    });
  }

  override grant(command: ArrivingGrant): ServerGrantReply {
    const reply = super.grant(command);
    this.counts[reply.status]++;
    if (reply.status === 'granted') this.noteFences(command.token, reply.fence, command.reserve);
    return reply;
  }

  override release(key: string, token: string, keepMs: number, next?: ArrivingPlace): { released: boolean; next: PlaceReply | undefined } {
    const reply = super.release(key, token, keepMs, next);
    if (reply.next?.status === 'granted') this.noteFences(reply.next.token, reply.next.fence, 1);
    return reply;
  }

  override heartbeat(beat: ArrivingHeartbeat): ServerHeartbeatReply {
    if (this.now() <= beat.deadline) this.judge.heard(beat.current);
    const reply = super.heartbeat(beat);
    if (reply.status === 'granted') this.noteFences(reply.token, reply.fence, 1);
    return reply;
  }

  override confirm(key: string, token: string, leaseMs: number, reserve: number): { fence: number; others: boolean } | undefined {
    const reply = super.confirm(key, token, leaseMs, reserve);
    if (reply !== undefined) this.noteFences(token, reply.fence, reserve);
    return reply;
  }

  override cancel(key: string, token: string, tombstoneMs: number): void {
    super.cancel(key, token, tombstoneMs);
    if (tombstoneMs > 0) this.takenBack.set(token, { key, until: this.world.time + tombstoneMs / this.rate });
  }

  override forceRelease(key: string): boolean {
    const { owner } = this.inspect(key);
    if (owner !== undefined) this.forced.set(owner, this.world.time);
    return super.forceRelease(key);
  }

  /** As a restart without data, or a failover. Tombstones stay, or the checks here would not hold. */
  override loseData(): void {
    for (const key of this.keys()) this.forced.set(this.inspect(key).owner ?? '', this.world.time);
    super.loseData();
    // Its own, and private to everybody else.
    Object.assign(this, { lastFence: 0 });
    this.lastGiven = 0;
    for (const [token, { key, until }] of this.takenBack) {
      const left = (until - this.world.time) * this.rate;
      if (left > 0) super.cancel(key, token, left);
    }
  }

  /** What is left of a lock for its owner, in ms of true time. */
  trulyLeft({ leaseLeftMs }: StoredLock): number {
    return (leaseLeftMs ?? Infinity) / this.rate;
  }

  protected override own(key: string, token: string, leaseMs: number): void {
    if (this.granted.has(token)) this.faults.push(`${key}: one token was granted twice`);
    if (this.takenBack.has(token)) this.faults.push(`${key}: an attempt was granted after it had been taken back`);
    const companion = this.companion(key);
    const winner = companion?.find(token);
    if (companion === undefined || winner === undefined) {
      this.checkAge(key, token);
    } else {
      this.counts.handedOver++;
      this.judge.handedOver(key, winner, companion);
    }
    this.granted.add(token);
    super.own(key, token, leaseMs);
  }

  protected override enqueue(key: string, token: string, standing: ArrivingStanding): void {
    this.checkAge(key, token);
    if (this.takenBack.has(token)) this.faults.push(`${key}: an attempt was put in line after it had been taken back`);
    super.enqueue(key, token, standing);
    this.judge.heard(token);
  }

  private checkAge(key: string, token: string): void {
    const age = this.world.time - (this.sentAt.get(token) ?? -Infinity);
    if (age > this.latestMs) this.faults.push(`${key}: an attempt took effect ${age.toFixed(0)} ms after it was sent`);
  }

  private noteFences(token: string, fence: number, count: number): void {
    if (fence <= this.lastGiven) this.faults.push(`C3: the fence ${String(fence)} is not above the one before`);
    this.lastGiven = fence + count - 1;
    this.fences.set(token, [...(this.fences.get(token) ?? []), [fence, fence + count - 1]]);
  }
}
