import { LockService, type Lock, type LockOptions, type PermitOptions } from 'nestjs-redis-lock';
import { ManualClock, type TestingConnectionOptions } from 'nestjs-redis-lock/testing';
import { LockEngine } from '../../../libs/redis-lock/src/lock/lock-engine.js';
import { redisLockSettings } from '../../../libs/redis-lock/src/redis-lock.settings.js';
import { processOf } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import { SteeredStore } from './steered-store.js';

/** One process that contends for locks, and its store. */
export interface SteeredProcess {
  readonly name: string;
  readonly locks: LockService;
  readonly store: SteeredStore;
}

/** A caller who waits, and what became of the wait so far. */
export interface Caller {
  readonly entering: Promise<Lock>;
  readonly lock: Lock | undefined;
}

const KEY = 'stock';

/** Several processes that contend for one lock, in virtual time and without chance. */
export class SteeredProcesses {
  readonly clock = new ManualClock();
  readonly server = new MemoryLockServer(this.clock);
  private readonly engines: LockEngine[] = [];

  async start(options: TestingConnectionOptions = {}): Promise<SteeredProcess> {
    const { clock } = this;
    const settings = redisLockSettings({ shutdownTimeout: 0, ...options, connection: 'memory' });
    const store = new SteeredStore(this.server, settings.commandTimeout, clock);
    const engine = new LockEngine({ store, clock, timers: clock, log: { warn: () => undefined }, settings, random: () => 0.5 });
    await engine.open();
    this.engines.push(engine);
    return { name: engine.process, locks: new LockService(engine), store };
  }

  /** The token that owns the lock on the server. */
  get owner(): string | undefined {
    return this.server.inspect(KEY).owner;
  }

  /** The process that owns the lock on the server. */
  get owningProcess(): string | undefined {
    return processOf(this.owner ?? '');
  }

  /** Those who share the lock on the server, by their tokens. */
  get sharing(): readonly string[] {
    return this.server.inspect(KEY).shares.map(({ token }) => token);
  }

  /** Processes in line on the server. */
  get waiting(): readonly string[] {
    return this.server.inspect(KEY).waiting;
  }

  /** What is left of the lease on the server, in ms. */
  get leaseLeftMs(): number {
    return this.server.inspect(KEY).leaseLeftMs ?? 0;
  }

  /** Somebody in that process gets the lock, whatever time it takes. */
  hold({ locks }: SteeredProcess, options: LockOptions = {}): Promise<Lock> {
    return this.clock.run(locks.acquire(KEY, options));
  }

  /** Somebody in that process begins to wait; returns when whatever needs no time has happened. */
  wait({ locks }: SteeredProcess, options: LockOptions = {}): Promise<Caller> {
    return this.watch(locks.acquire(KEY, { wait: '20s', ...options }));
  }

  /** The same for a permit. */
  waitForPermit({ locks }: SteeredProcess, options: PermitOptions): Promise<Caller> {
    return this.watch(locks.acquirePermit(KEY, { wait: '20s', ...options }));
  }

  /** Lets whatever needs no time happen; sees what becomes of an entry. */
  async watch(entering: Promise<Lock>): Promise<Caller> {
    const caller: { entering: Promise<Lock>; lock: Lock | undefined } = { entering, lock: undefined };
    entering.then(
      (lock) => (caller.lock = lock),
      () => undefined,
    );
    await this.clock.settle();
    return caller;
  }

  /** Lets that much time pass; returns for how many ms of it both held the lock. */
  async overlapMs(ms: number, one: Caller | Lock, other: Caller | Lock): Promise<number> {
    let both = 0;
    for (let i = 0; i < ms; i++) {
      await this.clock.advance(1);
      if (isHeld(one) && isHeld(other)) both++;
    }
    return both;
  }

  async stop(): Promise<void> {
    for (const engine of this.engines) await engine.close();
  }
}

function isHeld(one: Caller | Lock): boolean {
  return 'isHeld' in one ? one.isHeld : one.lock?.isHeld === true;
}
