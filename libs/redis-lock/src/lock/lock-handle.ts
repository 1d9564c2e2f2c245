import type { Duration } from '../duration.js';
import { LockLostError } from '../errors/lock-lost.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { Hold } from './hold.js';
import type { Lock } from './lock.js';
import type { LockEngine } from './lock-engine.js';
import { checkTtl } from './lock-request.js';

/** What one handle has of a hold; outlives the handle, so that a handle dropped unreleased can be told from a released one. */
export interface Share {
  readonly hold: Hold;
  released: boolean;
}

/** What the engine's handles are made with. */
export interface LockHandleParts {
  readonly share: Share;
  readonly engine: LockEngine;
  /** Throws where a release would wait for itself. */
  readonly checkRelease: () => void;
  /** Runs once, when the share is given up. */
  readonly onReleased: (() => void) | undefined;
}

/** One caller's face of a hold. */
export class LockHandle implements Lock {
  readonly key: string;
  readonly fence: number;
  private controller: AbortController | undefined;
  private outcome: Promise<'released' | 'lost'> | undefined;

  constructor(private readonly parts: LockHandleParts) {
    ({ key: this.key, fence: this.fence } = parts.share.hold);
  }

  get fences(): ReadonlyMap<string, number> {
    return new Map([[this.key, this.fence]]);
  }

  get signal(): AbortSignal {
    return (this.controller ??= lossSignal(this.parts.share.hold)).signal;
  }

  get expiresInMs(): number {
    const { engine, share } = this.parts;
    return this.isHeld ? Math.max(0, share.hold.leftMs(engine.clock.now())) : 0;
  }

  get isHeld(): boolean {
    return !this.parts.share.released && this.parts.share.hold.isHeld;
  }

  assertHeld(): void {
    if (!this.isHeld) throw this.lostError();
  }

  async extend(ttl?: Duration): Promise<void> {
    const { engine, share } = this.parts;
    const ms = ttl === undefined ? share.hold.request.ttl : checkTtl(ttl, engine.settings, 'ttl');
    this.assertHeld();
    if (!(await engine.extend(share.hold, ms))) throw this.lostError();
  }

  release(): Promise<'released' | 'lost'> {
    if (this.outcome === undefined) {
      try {
        this.parts.checkRelease();
      } catch (error) {
        return Promise.reject(error instanceof LockOptionsError ? error : new LockOptionsError('release failed', { cause: error }));
      }
      this.outcome = this.giveUp();
    }
    return this.outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      // It goes on in the background, and must not hide what the block threw.
      if (!(error instanceof LockStoreError)) throw error;
      this.parts.engine.log.warn(error.message);
    }
  }

  private async giveUp(): Promise<'released' | 'lost'> {
    const { engine, share, onReleased } = this.parts;
    const { hold } = share;
    share.released = true;
    hold.shares--;
    try {
      if (hold.shares === 0) return await engine.end(hold);
      return hold.isHeld ? 'released' : 'lost';
    } finally {
      onReleased?.();
    }
  }

  private lostError(): LockLostError {
    return new LockLostError(this.key, this.parts.share.hold.lossReason ?? 'released');
  }
}

/** Holds on to no handle: whoever keeps only the signal still hears of the loss. */
function lossSignal(hold: Hold): AbortController {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new LockLostError(hold.key, hold.lossReason ?? 'expired'));
  if (hold.isHeld) hold.onLoss(abort);
  else if (hold.lossReason !== undefined) abort();
  return controller;
}
