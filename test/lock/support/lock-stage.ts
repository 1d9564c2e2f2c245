import { randomBytes } from 'node:crypto';
import type { LockService } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer, type TestingConnectionOptions } from 'nestjs-redis-lock/testing';
import { Locks } from '../../faults/support/locks.js';
import { Owned } from '../../faults/support/owned.js';
import { until } from '../../faults/support/until.js';

/** Where locks are tried: on Redis in real time, or in memory in virtual time. */
export interface LockStage {
  /** One more process. */
  connect(options?: TestingConnectionOptions): Promise<LockService>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the work has settled. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Resolves when as many callers of other processes as that wait for a lock. */
  untilWaiting(seenBy: LockService, key: string): Promise<void>;
  stop(): Promise<void>;
}

class MemoryStage implements LockStage {
  private readonly clock = new ManualClock();
  private readonly server = new TestingLockServer({ clock: this.clock });

  connect(options?: TestingConnectionOptions): Promise<LockService> {
    return this.server.connect(options);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work);
  }

  untilWaiting(): Promise<void> {
    return this.clock.settle();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

class RedisStage implements LockStage {
  private readonly owned = new Owned();
  private readonly keyPrefix = `lock-${randomBytes(6).toString('hex')}:`;

  async connect(options: TestingConnectionOptions = {}): Promise<LockService> {
    const locks = await Locks.open(process.env['TEST_REDIS_URL'] ?? '', { keyPrefix: this.keyPrefix, ...options });
    return this.owned.add(locks).service;
  }

  async pass(ms: number): Promise<void> {
    const since = performance.now();
    await until(`${String(ms)} ms pass`, ms + 1_000, () => performance.now() - since > ms);
  }

  run<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  async untilWaiting(seenBy: LockService, key: string): Promise<void> {
    await until('somebody waits', 2_000, async () => (await seenBy.inspect(key)).waitingProcesses > 0);
  }

  stop(): Promise<void> {
    return this.owned.end();
  }
}

/** Runs a suite on both stores, each test on a stage of its own. */
export function describeOnBothStores(name: string, suite: (stage: () => LockStage) => void): void {
  describe.each([
    ['memory', () => new MemoryStage()],
    ['redis', () => new RedisStage()],
  ])(`${name} (%s)`, (_store, make) => {
    let stage: LockStage;
    beforeEach(() => (stage = make()));
    afterEach(() => stage.stop(), 20_000);
    suite(() => stage);
  });
}
