import { randomBytes } from 'node:crypto';
import { ManualClock } from 'nestjs-redis-lock/testing';
import { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import { MemoryLockStore } from '../../../libs/redis-lock/src/store/memory/memory-lock.store.js';
import {
  COMMAND_TIMEOUT,
  LIVE_MS,
  notingInbox,
  type Arrival,
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

  async arrive({ key, token, leaseMs, deadlineMs, queues = false }: Parameters<StoreStage['arrive']>[0]): Promise<Arrival> {
    const deadline = this.server.now() + deadlineMs * 1_000;
    const standing = { graceMs: leaseMs, since: undefined, liveMs: LIVE_MS, hears: queues !== 'unsubscribed' };
    return this.server.grant({ key, token, leaseMs, deadline, reserve: 1, queue: queues === false ? undefined : standing }).status;
  }

  async arriveExtension({ key, token, leaseMs, deadlineMs }: Parameters<StoreStage['arriveExtension']>[0]): Promise<boolean | 'stale'> {
    return this.server.extend(key, token, leaseMs, this.server.now() + deadlineMs * 1_000);
  }

  async arriveHeartbeat(heartbeat: Parameters<StoreStage['arriveHeartbeat']>[0]): ReturnType<StoreStage['arriveHeartbeat']> {
    return this.server.heartbeat({ ...this.place(heartbeat), key: heartbeat.key, current: heartbeat.current }).status;
  }

  async arriveRelease(release: Parameters<StoreStage['arriveRelease']>[0]): ReturnType<StoreStage['arriveRelease']> {
    const { released, next } = this.server.release(release.key, release.of, 0, this.place(release));
    return { released, next: next?.status };
  }

  async now(): Promise<number> {
    return this.server.now();
  }

  async useFence(fence: number): Promise<void> {
    // As grants before did, when its clock was right.
    Object.assign(this.server, { lastFence: fence });
  }

  async stop(): Promise<void> {
    // Nothing is left of it.
  }

  private place({ token, leaseMs, deadlineMs }: ArrivingPlace): Parameters<MemoryLockServer['release']>[3] & object {
    const deadline = this.server.now() + deadlineMs * 1_000;
    return { token, leaseMs, deadline, graceMs: leaseMs, since: undefined, liveMs: LIVE_MS, hears: true };
  }
}
