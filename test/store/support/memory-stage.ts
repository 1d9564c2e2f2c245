import { randomBytes } from 'node:crypto';
import { ManualClock } from 'nestjs-redis-lock/testing';
import { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import { MemoryLockStore } from '../../../libs/redis-lock/src/store/memory/memory-lock.store.js';
import {
  COMMAND_TIMEOUT,
  LIVE_MS,
  notingInbox,
  type Arrival,
  type ArrivingAttempt,
  type ArrivingPlace,
  type StoreProcess,
  type StoreStage,
} from './store-stage.js';

/** The memory store, in time of its own. */
export class MemoryStage implements StoreStage {
  private readonly clock = new ManualClock();
  private readonly server = new MemoryLockServer(this.clock);

  async connect(): Promise<StoreProcess> {
    const name = randomBytes(9).toString('base64url');
    const process: StoreProcess = {
      name,
      store: new MemoryLockStore(this.server, COMMAND_TIMEOUT),
      granted: [],
      others: [],
      forced: [],
      told: [],
      token: () => `${name}.${randomBytes(16).toString('base64url')}`,
    };
    await process.store.open(notingInbox(name, process));
    return process;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(Math.ceil(ms));
  }

  async arrive({ queues = false, count = 1, ...attempt }: ArrivingAttempt): Promise<Arrival> {
    const { sharing } = attempt;
    const place = this.place(attempt);
    const queue = queues === false ? undefined : { ...place, count, hears: queues !== 'unsubscribed' };
    const arriving = { ...place, key: attempt.key, reserve: count, queue };
    return (sharing === undefined ? this.server.grant(arriving) : this.server.shareGrant(arriving, sharing)).status;
  }

  async arriveExtension({ key, token, leaseMs, deadlineMs, sharing }: ArrivingPlace): Promise<boolean | 'stale'> {
    const extend = sharing === undefined ? 'extend' : 'shareExtend';
    return this.server[extend](key, token, leaseMs, this.deadline(deadlineMs));
  }

  async arriveDowngrade({ key, token, leaseMs, deadlineMs }: ArrivingPlace): Promise<boolean | 'stale'> {
    return this.server.downgrade(key, token, leaseMs, this.deadline(deadlineMs));
  }

  async arriveTogether(
    ...[claims, leaseMs, deadlineMs]: Parameters<StoreStage['arriveTogether']>
  ): ReturnType<StoreStage['arriveTogether']> {
    const fences = this.server.grantAll(claims, leaseMs, this.deadline(deadlineMs));
    if (fences === 'stale') return 'stale';
    return fences === undefined ? 'busy' : 'granted';
  }

  async arriveHeartbeat(heartbeat: Parameters<StoreStage['arriveHeartbeat']>[0]): ReturnType<StoreStage['arriveHeartbeat']> {
    const { key, current, sharing } = heartbeat;
    const beat = { ...this.place(heartbeat), key, current };
    return (sharing === undefined ? this.server.heartbeat(beat) : this.server.shareHeartbeat(beat, sharing)).status;
  }

  async arriveRelease(release: Parameters<StoreStage['arriveRelease']>[0]): ReturnType<StoreStage['arriveRelease']> {
    const free = release.sharing === undefined ? 'release' : 'shareRelease';
    const { released, next } = this.server[free](release.key, release.of, 0, this.place(release));
    return { released, next: next?.status };
  }

  async now(): Promise<number> {
    return this.server.now();
  }

  async useFence(fence: number): Promise<void> {
    // As grants before did, when its clock was right.
    Object.assign(this.server, { lastFence: fence });
  }

  async loseData(): Promise<void> {
    this.server.loseData();
  }

  async stop(): Promise<void> {
    // Nothing is left of it.
  }

  private deadline(ms: number): number {
    return this.server.now() + ms * 1_000;
  }

  private place({ token, leaseMs, deadlineMs, sharing }: ArrivingPlace): Parameters<MemoryLockServer['release']>[3] & object {
    const deadline = this.deadline(deadlineMs);
    return { token, leaseMs, deadline, sharing, graceMs: leaseMs, since: undefined, liveMs: LIVE_MS, hears: true };
  }
}
