import {
  MemoryLockServer,
  type ArrivingGrant,
  type ServerGrantReply,
} from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import type { StoredLock } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import type { World } from './world.js';

/** The server of a history: what really happened, in the order it did. */
export class ObservedServer extends MemoryLockServer {
  /** Tokens whose lock an operator released by force, or that were lost with the data: their holders may believe until they are told. */
  readonly forced = new Map<string, number>();
  /** The fence of every grant, by its token. */
  readonly grants = new Map<string, number>();
  readonly faults: string[] = [];
  /** When the attempt with a token was last sent, in true time. */
  readonly sentAt = new Map<string, number>();
  private readonly takenBack = new Set<string>();
  readonly counts = { granted: 0, busy: 0, stale: 0, cancelled: 0 };
  private lastGranted = 0;

  constructor(
    readonly world: World,
    readonly rate: number,
    wallAt0: number,
    /** How long an attempt may lie on its way, in ms of true time. */
    private readonly latestMs: number,
  ) {
    super({ now: () => ({ monotonic: 77_000 + world.time * rate, wall: 77_000 + wallAt0 + world.time * rate }) });
  }

  override grant(command: ArrivingGrant): ServerGrantReply {
    const reply = super.grant(command);
    this.counts[reply.status]++;
    if (reply.status === 'granted') {
      if (reply.fence <= this.lastGranted) this.faults.push(`the fence ${String(reply.fence)} is not above the one before`);
      const { key, token } = command;
      const age = this.world.time - (this.sentAt.get(token) ?? -Infinity);
      if (this.grants.has(token)) this.faults.push(`${key}: one token was granted twice`);
      if (this.takenBack.has(token)) this.faults.push(`${key}: an attempt was granted after it had been taken back`);
      if (age > this.latestMs) this.faults.push(`${key}: an attempt was granted ${age.toFixed(0)} ms after it was sent`);
      this.lastGranted = reply.fence;
      this.grants.set(command.token, reply.fence);
    }
    return reply;
  }

  override cancel(key: string, token: string, tombstoneMs: number): void {
    this.takenBack.add(token);
    super.cancel(key, token, tombstoneMs);
  }

  override forceRelease(key: string): boolean {
    const { owner } = this.inspect(key);
    if (owner !== undefined) this.forced.set(owner, this.world.time);
    return super.forceRelease(key);
  }

  /** As a restart without data, or a failover: the locks are gone and the fence counter with them. Tombstones stay, or the checks above would not hold. */
  loseData(): void {
    for (const key of this.keys()) {
      const { owner = '' } = this.inspect(key);
      this.forced.set(owner, this.world.time);
      super.release(key, owner, 0);
    }
    // Its own, and private to everybody else.
    Object.assign(this, { lastFence: 0 });
  }

  /** What is left of a lock for its owner, in ms of true time. */
  trulyLeft({ leaseLeftMs }: StoredLock): number {
    return (leaseLeftMs ?? Infinity) / this.rate;
  }
}
