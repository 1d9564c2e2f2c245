import { systemClock } from '../../../libs/redis-lock/src/runtime/system-clock.js';
import type {
  GrantReply,
  HeartbeatReply,
  QueueCommand,
  ReleaseReply,
  StoredLock,
} from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { READING, type Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { until } from '../../faults/support/until.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

export const LEASE_MS = 60_000;
/** The lease of a grant that is handed over. */
export const GRACE_MS = 5_000;
export { READING };
/** The lock for oneself. */
export const ALONE = undefined;

/** One of so many permits. */
export function permitOf(limit: number): Sharing {
  return { kind: 'permit', limit };
}

/** How one of a test's attempts differs from the others. */
export interface Asking {
  readonly token?: string;
  readonly count?: number;
  readonly leaseMs?: number;
  readonly since?: number;
}

/** One lock that is shared, with everything filled in that does not matter to a test. */
export class SharedKey {
  private constructor(
    private readonly stage: StoreStage,
    /** A process that holds and wants nothing. */
    private readonly operator: StoreProcess,
    readonly key: string,
  ) {}

  static async open(stage: StoreStage, key = 'stock'): Promise<SharedKey> {
    return new SharedKey(stage, await stage.connect(), key);
  }

  /** One attempt; with `queues` it stands in line if it must. */
  ask(process: StoreProcess, sharing: Sharing | undefined, asking: Asking = {}, queues = false): Promise<GrantReply> {
    const { token = process.token(), count = 1, leaseMs = LEASE_MS, since } = asking;
    const queue = queues ? { graceMs: GRACE_MS, since, count } : undefined;
    return process.store.grant({ key: this.key, token, leaseMs, reserve: count, sharing, queue, sent: systemClock.now() });
  }

  /** An attempt that must be granted. */
  async take(process: StoreProcess, sharing: Sharing | undefined, asking: Asking = {}): Promise<{ token: string; fence: number }> {
    const { token = process.token() } = asking;
    const reply = await this.ask(process, sharing, { ...asking, token });
    if (reply.status !== 'granted') throw new Error(reply.status);
    return { token, fence: reply.fence };
  }

  /** Stands in line, and comes a moment after whoever did before. */
  async stand(
    process: StoreProcess,
    sharing: Sharing | undefined,
    asking: Asking = {},
  ): Promise<{ token: string; since: number; isHead: boolean }> {
    const { token = process.token() } = asking;
    await this.stage.pass(1);
    const reply = await this.ask(process, sharing, { ...asking, token }, true);
    if (reply.status !== 'queued') throw new Error(reply.status);
    return { token, since: reply.since, isHead: reply.isHead };
  }

  /** A process that is not there any more stands in line. */
  async standDead(sharing: Sharing | undefined, queues: true | 'unsubscribed' = true): Promise<string> {
    const token = `${'dead'.padEnd(12, String(Math.random()).slice(2))}.${'x'.repeat(22)}`;
    await this.stage.pass(1);
    const arrival = await this.stage.arrive({ key: this.key, token, leaseMs: GRACE_MS, deadlineMs: 1_000, sharing, queues });
    if (arrival !== 'queued') throw new Error(arrival);
    return token;
  }

  /** A heartbeat for `current`; `asking.token` is queued where that is gone. */
  beat(process: StoreProcess, sharing: Sharing | undefined, current: string, asking: Asking = {}): Promise<HeartbeatReply> {
    const { token = process.token(), count = 1, leaseMs = LEASE_MS, since } = asking;
    return process.store.heartbeat({
      key: this.key,
      current,
      token,
      leaseMs,
      graceMs: GRACE_MS,
      count,
      since,
      sharing,
      sent: systemClock.now(),
    });
  }

  release(token: string, sharing: Sharing | undefined, next?: QueueCommand): Promise<ReleaseReply> {
    return this.operator.store.release({ key: this.key, token, keepMs: 0, sharing, next });
  }

  keep(token: string, sharing: Sharing, keepMs: number): Promise<ReleaseReply> {
    return this.operator.store.release({ key: this.key, token, keepMs, sharing });
  }

  cancel(token: string, sharing: Sharing | undefined): Promise<void> {
    return this.operator.store.cancel(this.key, token, sharing);
  }

  leave(token: string, sharing: Sharing | undefined): Promise<void> {
    return this.operator.store.leave(this.key, token, sharing);
  }

  async renew(token: string, sharing: Sharing | undefined, leaseMs = LEASE_MS): Promise<boolean> {
    const [result] = await this.operator.store.renew([{ key: this.key, token, leaseMs, sharing }]);
    if (result?.status !== 'fulfilled') throw new Error('The renewal failed.', { cause: result?.reason });
    return result.value;
  }

  extend(token: string, sharing: Sharing | undefined, leaseMs: number): Promise<boolean> {
    return this.operator.store.extend({ key: this.key, token, leaseMs, sharing });
  }

  downgrade(token: string, leaseMs = LEASE_MS): Promise<boolean> {
    return this.operator.store.downgrade({ key: this.key, token, leaseMs });
  }

  forceRelease(): Promise<boolean> {
    return this.operator.store.forceRelease(this.key);
  }

  stored(): Promise<StoredLock> {
    return this.operator.store.inspect(this.key);
  }

  /** Who has it: the tokens of all shares, or the owner. */
  async holders(): Promise<string[]> {
    const { owner, shares } = await this.stored();
    return owner === undefined ? shares.map(({ token }) => token).sort() : [owner];
  }

  /** What is left of the lease of one share, in ms; 0 where there is none. */
  async leftOf(token: string): Promise<number> {
    const { shares } = await this.stored();
    return shares.find((share) => share.token === token)?.leaseLeftMs ?? 0;
  }

  /** What is left of the whole lock, in ms. */
  async left(): Promise<number> {
    return (await this.stored()).leaseLeftMs ?? 0;
  }

  /** What a process was told of the lock, when it has heard everything. */
  async told(process: StoreProcess): Promise<StoreProcess['granted']> {
    await this.heard(process);
    return process.granted.filter(({ key }) => key === this.key);
  }

  /** Resolves when a process has heard whatever was said to it before: a message that follows all others is here. */
  async heard(process: StoreProcess): Promise<void> {
    const token = process.token();
    const key = `heard-${token}`;
    await process.store.grant({ key, token, leaseMs: LEASE_MS, reserve: 1, queue: undefined, sent: systemClock.now() });
    await this.operator.store.forceRelease(key);
    await until('what is said last is heard', 5_000, () => process.forced.includes(`${key} ${token}`));
  }
}

/** What a release puts in line. */
export function nextOf(token: string, count = 1): QueueCommand {
  return { token, leaseMs: LEASE_MS, graceMs: GRACE_MS, count, sent: systemClock.now() };
}
