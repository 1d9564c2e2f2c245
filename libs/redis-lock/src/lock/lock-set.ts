import type { Duration } from '../duration.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import type { Lock } from './lock.js';
import type { LockHandle } from './lock-handle.js';

/** One caller's face of several locks: held while all of them are, lost as soon as one of them is. */
export class LockSetHandle implements Lock {
  private controller: AbortController | undefined;

  constructor(
    /** As the caller wrote them. */
    readonly key: string[],
    readonly handles: readonly LockHandle[],
  ) {}

  get fence(): number {
    throw new LockOptionsError(`fence: ${String(this.handles.length)} locks have a fence each; read fences.get(key) instead.`);
  }

  get fences(): ReadonlyMap<string, number> {
    return new Map(this.handles.map(({ key, fence }) => [key, fence]));
  }

  get signal(): AbortSignal {
    this.controller ??= this.listen();
    return this.controller.signal;
  }

  get expiresInMs(): number {
    return Math.min(...this.handles.map(({ expiresInMs }) => expiresInMs));
  }

  get isHeld(): boolean {
    return this.handles.every(({ isHeld }) => isHeld);
  }

  assertHeld(): void {
    for (const handle of this.handles) handle.assertHeld();
  }

  async extend(ttl?: Duration): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle.extend(ttl)));
  }

  downgrade(): Promise<Lock> {
    return Promise.reject(new LockOptionsError('downgrade: several locks cannot be downgraded; take them one by one.'));
  }

  /** In reverse. What one of them throws is told when all have been given up. */
  async release(): Promise<'released' | 'lost'> {
    // All of them, or none.
    for (const { faultOfRelease } of this.handles) if (faultOfRelease !== undefined) throw faultOfRelease;
    const outcomes = await Promise.allSettled([...this.handles].reverse().map((handle) => handle.release()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value === 'lost') ? 'lost' : 'released';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle[Symbol.asyncDispose]()));
  }

  private listen(): AbortController {
    const controller = new AbortController();
    for (const { signal } of this.handles) {
      const abort = (): void => controller.abort(signal.reason);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    }
    return controller;
  }
}
