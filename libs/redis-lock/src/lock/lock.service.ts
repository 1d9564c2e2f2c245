import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockLostError } from '../errors/lock-lost.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { Entrance, type Use } from './entrance.js';
import type { Lock, LockSet, SharedLock, SingleLock } from './lock.js';
import type { LockEngine } from './lock-engine.js';
import type { LockHandle } from './lock-handle.js';
import { LockInspector } from './lock-inspector.js';
import { checkKey, keySet } from './lock-key.js';
import type { LockOptions, PermitOptions, ReadLockOptions } from './lock-options.js';
import { checkIsOptions } from './lock-request.js';
import { LockSetHandle } from './lock-set.js';
import type { LockState } from './lock-state.js';

type SectionOf<T> = (lock: Lock) => Promise<T> | T;

/** What a caller has entered: the handles, and the face of them all. */
interface Entered {
  readonly handles: readonly LockHandle[];
  readonly lock: Lock;
}

/** Distributed locks of one connection. Inject it, or another connection's with `@InjectLockService(name)`. */
export class LockService {
  private readonly inspector: LockInspector;
  private readonly entrance: Entrance;

  /** Made by RedisLockModule, or by `nestjs-redis-lock/testing`. */
  constructor(private readonly engine: LockEngine) {
    this.inspector = new LockInspector(engine.store, engine);
    this.entrance = new Entrance(engine);
  }

  /**
   * Acquires a lock, waiting for it up to `options.wait` (default: the module's, `'5s'`). Release it in a `finally` block, by `await using`,
   * or use {@link withLock}, which cannot forget to. With `mode: 'read'` it is shared with other readers. Several keys are had all or none, in
   * one order whatever the caller's: callers who name the same keys never wait for each other in a circle; each key counts once.
   * @throws LockBusyError when it was not to be had in time
   * @throws LockStoreError when the store did not answer; nothing is held then
   * @throws LockKeyError, LockOptionsError before anything is sent; LockOptionsError also while permits of that key are held
   */
  acquire(key: string, options: ReadLockOptions): Promise<SharedLock>;
  acquire(key: string, options?: LockOptions): Promise<SingleLock>;
  acquire(keys: readonly string[], options?: LockOptions): Promise<LockSet>;
  acquire(key: string | readonly string[], options?: LockOptions): Promise<Lock>;
  async acquire(key: string | readonly string[], options?: LockOptions): Promise<Lock> {
    if (typeof key !== 'string') return (await this.enter(key, options, 'bare')).lock;
    checkKey(key);
    return this.entrance.enter(key, this.engine.request(options), 'bare');
  }

  /** One attempt, whatever `wait` says; null when somebody else holds the lock or stands in line for it. @throws as {@link acquire}, but no LockBusyError */
  tryAcquire(key: string, options: ReadLockOptions): Promise<SharedLock | null>;
  tryAcquire(key: string, options?: LockOptions): Promise<SingleLock | null>;
  tryAcquire(keys: readonly string[], options?: LockOptions): Promise<LockSet | null>;
  tryAcquire(key: string | readonly string[], options?: LockOptions): Promise<Lock | null>;
  async tryAcquire(key: string | readonly string[], options?: LockOptions): Promise<Lock | null> {
    if (options !== undefined) checkIsOptions(options);
    return nullIfBusy(this.acquire(key, { ...options, wait: 0 }));
  }

  /**
   * Runs a function while the lock is held, and releases it however the function ends. Inside it, the same key is entered again without
   * Redis (unless `reentrant: false`). What the function throws passes untouched.
   * @throws as {@link acquire}, and LockLostError when the lock was lost before the function ended: `result` or `cause` is what it ended with
   */
  withLock<T>(key: string | readonly string[], section: SectionOf<T>): Promise<T>;
  withLock<T>(key: string | readonly string[], options: LockOptions, section: SectionOf<T>): Promise<T>;
  async withLock<T>(
    key: string | readonly string[],
    ...rest: [section: SectionOf<T>] | [options: LockOptions, section: SectionOf<T>]
  ): Promise<T> {
    const [options, run] = rest.length === 1 ? [undefined, rest[0]] : rest;
    if (typeof key === 'string') checkKey(key);
    checkSection('withLock', run);
    if (typeof key !== 'string') return this.run(await this.enter(key, options, 'section'), run);
    const handle = await this.entrance.enter(key, this.engine.request(options), 'section');
    return this.run({ handles: [handle], lock: handle }, run);
  }

  /**
   * Acquires one permit of a counting semaphore: at most `options.limit` are held at once, across all instances. A permit has a lease, is
   * renewed, and goes to the processes in line in the order of their coming, one each; within a process, to the callers in theirs.
   * @throws as {@link acquire}; LockOptionsError also while the key is in use with another limit, or as a lock
   */
  acquirePermit(key: string, options: PermitOptions): Promise<SharedLock>;
  async acquirePermit(key: string, options: PermitOptions): Promise<Lock> {
    checkKey(key);
    return this.entrance.enter(key, this.engine.permitRequest(options), 'bare');
  }

  /** One attempt, whatever `wait` says; null when all permits are held or somebody stands in line for one. @throws as {@link acquirePermit}, but no LockBusyError */
  async tryAcquirePermit(key: string, options: PermitOptions): Promise<SharedLock | null> {
    checkIsOptions(options);
    return nullIfBusy(this.acquirePermit(key, { ...options, wait: 0 }));
  }

  /** Runs a function while a permit is held. @throws as {@link acquirePermit} and {@link withLock} */
  async withPermit<T>(key: string, options: PermitOptions, section: SectionOf<T>): Promise<T> {
    checkKey(key);
    checkSection('withPermit', section);
    const handle = await this.entrance.enter(key, this.engine.permitRequest(options), 'section');
    return this.run({ handles: [handle], lock: handle }, section);
  }

  /** Whether anybody holds the lock right now, a foreign client included. A report, not a promise. @throws LockStoreError */
  async isLocked(key: string): Promise<boolean> {
    return (await this.inspect(key)).locked;
  }

  /** Who holds a lock and how many wait. @throws LockStoreError, LockKeyError */
  async inspect(key: string): Promise<LockState> {
    checkKey(key);
    return this.inspector.inspect(key);
  }

  /** All locks whose keys match a glob, by SCAN: each that stays locked is told of once. @throws LockStoreError */
  list(pattern = '*'): AsyncIterable<LockState> {
    return this.inspector.list(pattern);
  }

  /**
   * Break-glass for operators: frees a lock whoever holds it, and tells the holder, which stops at once. Until that message or its next
   * renewal arrives the holder still believes; only a resource that checks fences is safe then. False when it was free.
   * @throws LockStoreError, LockKeyError
   */
  async forceRelease(key: string): Promise<boolean> {
    checkKey(key);
    return this.engine.store.forceRelease(key);
  }

  /**
   * The lock of the running section: the innermost, or that of a key. Undefined outside of withLock, withPermit and decorated methods. It may be
   * lost by now: `locks.current()?.assertHeld()` throws then.
   */
  current(key?: string): Lock | undefined {
    return this.entrance.nearest(({ share }) => key === undefined || share.hold.key === key)?.lock;
  }

  private async enter(keys: readonly string[], options: LockOptions | undefined, use: Use): Promise<Entered> {
    const sorted = keySet(keys);
    const handles = await this.entrance.enterAll(sorted, this.engine.request(options), use);
    return { handles, lock: new LockSetHandle([...keys], handles) };
  }

  private async run<T>({ handles, lock }: Entered, section: SectionOf<T>): Promise<T> {
    let outcome: { result: T } | { cause: unknown };
    try {
      outcome = { result: await this.entrance.run(handles, lock, section) };
    } catch (cause) {
      outcome = { cause };
    }
    const lost = await this.releaseQuietly(handles);
    if (lost !== undefined) throw lossOf(lost, outcome);
    if ('cause' in outcome) throw outcome.cause;
    return outcome.result;
  }

  /** In reverse; returns one that was lost. A release that went unanswered is worked on in the background, and says nothing about what the section did. */
  private async releaseQuietly(handles: readonly LockHandle[]): Promise<LockHandle | undefined> {
    let lost: LockHandle | undefined;
    const release = async (handle: LockHandle): Promise<void> => {
      try {
        if ((await handle.release()) === 'lost') lost = handle;
      } catch (error) {
        this.engine.log.warn(error instanceof Error ? error.message : String(error));
      }
    };
    const [only, ...others] = handles;
    if (only !== undefined && others.length === 0) await release(only);
    else await Promise.all([...handles].reverse().map(release));
    return lost;
  }
}

function checkSection(method: string, run: unknown): void {
  if (typeof run !== 'function') throw new LockOptionsError(`${method}: the last argument is the function to run.`);
}

async function nullIfBusy<T>(acquiring: Promise<T>): Promise<T | null> {
  try {
    return await acquiring;
  } catch (error) {
    if (error instanceof LockBusyError) return null;
    throw error;
  }
}

function lossOf({ share: { hold } }: LockHandle, outcome: { result: unknown } | { cause: unknown }): unknown {
  // The section gave up with the very error that told it of the loss.
  if ('cause' in outcome && outcome.cause instanceof LockLostError && outcome.cause.key === hold.key) return outcome.cause;
  return new LockLostError(hold.key, hold.lossReason ?? 'expired', outcome);
}
