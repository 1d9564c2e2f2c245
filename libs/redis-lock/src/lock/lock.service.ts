import { LockBusyError } from '../errors/lock-busy.error.js';
import { LockLostError } from '../errors/lock-lost.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { DroppedHandles } from './dropped-handles.js';
import type { Hold } from './hold.js';
import type { Lock } from './lock.js';
import type { LockEngine } from './lock-engine.js';
import { LockHandle, type HandleOwner } from './lock-handle.js';
import { LockInspector } from './lock-inspector.js';
import { checkKey } from './lock-key.js';
import type { LockOptions } from './lock-options.js';
import { checkIsOptions, type LockRequest } from './lock-request.js';
import type { LockState } from './lock-state.js';
import { Section, sections } from './section.js';
import { newShare, type Share } from './share.js';

/** What a handle is for: one that a section releases, or one that its caller may forget. */
type Use = 'section' | 'bare';

/** Distributed locks of one connection. Inject it, or another connection's with `@InjectLockService(name)`. */
export class LockService {
  private readonly inspector: LockInspector;
  private readonly dropped: DroppedHandles;
  private readonly owner: HandleOwner;

  private readonly handleOf = (hold: Hold): LockHandle => new LockHandle(newShare(hold, undefined), this.owner);
  private readonly bareHandleOf = (hold: Hold): LockHandle => this.watched(this.handleOf(hold));

  /** Made by RedisLockModule, or by `nestjs-redis-lock/testing`. */
  constructor(private readonly engine: LockEngine) {
    this.inspector = new LockInspector(engine.store, engine);
    this.dropped = new DroppedHandles(engine);
    this.owner = {
      engine,
      faultOfRelease: (share) => this.faultOfRelease(share),
      onReleased: (share) => {
        this.dropped.forget(share);
        share.turnOf?.endTurn();
      },
    };
  }

  /**
   * Acquires a lock, waiting for it up to `options.wait` (default: the module's, `'5s'`). Release it in a `finally` block, by `await using`,
   * or use {@link withLock}, which cannot forget to.
   * @throws LockBusyError when it was not to be had in time
   * @throws LockStoreError when the store did not answer; nothing is held then
   * @throws LockKeyError, LockOptionsError before anything is sent
   */
  async acquire(key: string, options?: LockOptions): Promise<Lock> {
    checkKey(key);
    return this.enter(key, this.engine.request(options), 'bare');
  }

  /** One attempt, whatever `wait` says; null when somebody else holds the lock or stands in line for it. @throws as {@link acquire}, but no LockBusyError */
  async tryAcquire(key: string, options?: LockOptions): Promise<Lock | null> {
    if (options !== undefined) checkIsOptions(options);
    try {
      return await this.acquire(key, { ...options, wait: 0 });
    } catch (error) {
      if (error instanceof LockBusyError) return null;
      throw error;
    }
  }

  /**
   * Runs a function while the lock is held, and releases it however the function ends. Inside it, the same key is entered again without
   * Redis (unless `reentrant: false`). What the function throws passes untouched.
   * @throws as {@link acquire}, and LockLostError when the lock was lost before the function ended: `result` or `cause` is what it ended with
   */
  withLock<T>(key: string, section: (lock: Lock) => Promise<T> | T): Promise<T>;
  withLock<T>(key: string, options: LockOptions, section: (lock: Lock) => Promise<T> | T): Promise<T>;
  async withLock<T>(
    key: string,
    ...rest: [section: (lock: Lock) => Promise<T> | T] | [options: LockOptions, section: (lock: Lock) => Promise<T> | T]
  ): Promise<T> {
    const [options, run] = rest.length === 1 ? [undefined, rest[0]] : rest;
    checkKey(key);
    if (typeof run !== 'function') throw new LockOptionsError('withLock: the last argument is the function to run.', { key });
    const handle = await this.enter(key, this.engine.request(options), 'section');
    const { share } = handle;
    const entered = (share.section = new Section(this, share, handle, sections.getStore()));
    let outcome: { result: T } | { cause: unknown };
    try {
      outcome = { result: await sections.run(entered, run, handle) };
    } catch (cause) {
      outcome = { cause };
    }
    const released = await this.releaseQuietly(handle);
    if (released === 'lost') throw this.lossOf(share, outcome);
    if ('cause' in outcome) throw outcome.cause;
    return outcome.result;
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

  /** The lock that the running section holds: the innermost, or that of a key. Undefined outside of withLock and decorated methods. */
  current(key?: string): Lock | undefined {
    return this.nearest(({ share, lock }) => (key === undefined || share.hold.key === key) && lock.isHeld)?.lock;
  }

  private enter(key: string, request: LockRequest, use: Use): Promise<LockHandle> {
    const around = this.nearest(({ share }) => share.hold.key === key);
    if (around !== undefined) return this.enterAgain(around, request, use);
    const nested = this.nearest(({ lock }) => lock.isHeld) !== undefined;
    return this.engine.acquire(key, request, nested).then(use === 'bare' ? this.bareHandleOf : this.handleOf);
  }

  /** A bare handle, which nobody may ever release. */
  private watched(handle: LockHandle): LockHandle {
    this.dropped.watch(handle, handle.share);
    return handle;
  }

  /** The key is held by the caller's own async context: counted, no command. */
  private async enterAgain(around: Section, request: LockRequest, use: Use): Promise<LockHandle> {
    const { hold } = around.share;
    if (!request.reentrant) {
      throw new LockOptionsError(`The lock '${hold.key}' is held by the caller itself: with reentrant: false it would wait for itself.`, {
        key: hold.key,
      });
    }
    around.lock.assertHeld();
    await around.takeTurn(request, this.engine);
    if (!around.lock.isHeld) {
      around.endTurn();
      // It ended while this one stood in line for its turn: there is nothing left to be nested in.
      if (around.share.released) return this.enter(hold.key, request, use);
      around.lock.assertHeld();
    }
    hold.shares++;
    const handle = new LockHandle(newShare(hold, around), this.owner);
    return use === 'bare' ? this.watched(handle) : handle;
  }

  /** The innermost section of this service around the running code that has not ended and fits. */
  private nearest(fits: (section: Section) => boolean): Section | undefined {
    return sections.getStore()?.nearest((section) => section.owner === this && fits(section));
  }

  private faultOfRelease({ hold, section }: Share): LockOptionsError | undefined {
    const here = this.nearest(({ share }) => share.hold === hold);
    if (section === undefined || here?.isInside(section) !== true) return undefined;
    return new LockOptionsError(`release() of '${hold.key}' was called inside a nested section of the same hold; it could never settle.`, {
      key: hold.key,
    });
  }

  /** A release that went unanswered is worked on in the background, and says nothing about what the section did. */
  private async releaseQuietly(handle: LockHandle): Promise<'released' | 'lost'> {
    try {
      return await handle.release();
    } catch (error) {
      this.engine.log.warn(error instanceof Error ? error.message : String(error));
      return 'released';
    }
  }

  private lossOf({ hold }: Share, outcome: { result: unknown } | { cause: unknown }): unknown {
    // The section gave up with the very error that told it of the loss.
    if ('cause' in outcome && outcome.cause instanceof LockLostError && outcome.cause.key === hold.key) return outcome.cause;
    return new LockLostError(hold.key, hold.lossReason ?? 'expired', outcome);
  }
}
