import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import type { LockStore } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { processOf } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import { MemoryLockStore } from '../../../libs/redis-lock/src/store/memory/memory-lock.store.js';
import { notingInbox, type ModelStage, type ToldWithFence } from './model-stage.js';
import { COMMAND_TIMEOUT } from './times.js';

/** What is sent through it is past its deadline when it arrives. */
const LATE_TIMEOUT = -1;

type Standing = Parameters<MemoryLockServer['shareHeartbeat']>[0];

/** The memory store's server, which its processes may believe not to hear. */
export class StagedMemoryServer extends MemoryLockServer {
  readonly deaf = new Set<string>();

  override heartbeat(beat: Standing): ReturnType<MemoryLockServer['heartbeat']> {
    return super.heartbeat({ ...beat, hears: this.hears(beat.token) });
  }

  override shareHeartbeat(...[beat, sharing]: Parameters<MemoryLockServer['shareHeartbeat']>): ReturnType<MemoryLockServer['heartbeat']> {
    return super.shareHeartbeat({ ...beat, hears: this.hears(beat.token) }, sharing);
  }

  deleteKey(key: string): void {
    this.leases.delete(key);
  }

  protected override enqueue(...[key, token, standing]: Parameters<MemoryLockServer['enqueue']>): void {
    super.enqueue(key, token, { ...standing, hears: this.hears(token) });
  }

  private hears(token: string): boolean {
    return !this.deaf.has(processOf(token) ?? '');
  }
}

/** The memory store. */
export class MemoryModelStage implements ModelStage {
  readonly kind = 'memory';
  private clock = { ms: 0 };
  private server = this.newServer();
  private stores = new Map<string, LockStore>();
  private readonly heard: ToldWithFence[] = [];

  /** @param prepare changes each new server, for instance breaks it */
  constructor(
    private readonly processes: readonly string[],
    private readonly prepare: (server: StagedMemoryServer) => void = () => undefined,
  ) {}

  async begin(startMs: number): Promise<void> {
    this.clock = { ms: startMs };
    this.server = this.newServer();
    this.prepare(this.server);
    this.heard.length = 0;
    this.stores = new Map(this.processes.map((process) => [process, new MemoryLockStore(this.server, COMMAND_TIMEOUT)]));
    for (const process of this.processes) await this.connect(process, true, true);
  }

  store(process: string, late = false): LockStore {
    if (late) return new MemoryLockStore(this.server, LATE_TIMEOUT);
    const store = this.stores.get(process);
    if (store === undefined) throw new Error(`There is no process ${process}.`);
    return store;
  }

  sent(): Instant {
    return { monotonic: this.clock.ms, wall: this.clock.ms };
  }

  pass(ms: number): void {
    this.clock.ms += ms;
  }

  async connect(process: string, reachable: boolean, hears: boolean): Promise<void> {
    if (reachable) await this.store(process).open(notingInbox(process, this.heard));
    else await this.store(process).close();
    if (hears) this.server.deaf.delete(process);
    else this.server.deaf.add(process);
  }

  told(): ToldWithFence[] {
    return this.heard.splice(0);
  }

  async loseData(): Promise<void> {
    this.server.loseData();
  }

  async deleteKey(key: string): Promise<void> {
    this.server.deleteKey(key);
  }

  async stop(): Promise<void> {
    // Nothing is left of it.
  }

  private newServer(): StagedMemoryServer {
    const { clock } = this;
    return new StagedMemoryServer({ now: () => ({ monotonic: clock.ms, wall: clock.ms }) });
  }
}
