import type { Duration } from '../duration.js';
import { LockLostError } from '../errors/lock-lost.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { LockStoreError } from '../errors/lock-store.error.js';
import type { Hold } from './hold.js';
import type { Lock } from './lock.js';
import type { LockEngine } from './lock-engine.js';
import { checkTtl } from './lock-request.js';
import type { Share } from './share.js';

/** What a handle asks of the service that made it. */
export interface HandleOwner {
  readonly engine: LockEngine;
  /** Why this release would wait for itself; undefined where it would not. */
  faultOfRelease(share: Share): LockOptionsError | undefined;
  /** The share has been given up. */
  onReleased(share: Share): void;
}

/** One caller's face of a hold. */
export class LockHandle implements Lock {
  private controller: AbortController | undefined;
  private stopListening: (() => void) | undefined;
  private outcome: Promise<'released' | 'lost'> | undefined;
  /** While it is not known yet whether it is a reader's by now: whatever else is done with it comes after that. */
  private downgrading: Promise<Lock> | undefined;

  constructor(
    readonly share: Share,
    private readonly owner: HandleOwner,
  ) {}

  get key(): string {
    return this.share.hold.key;
  }

  get fence(): number {
    return this.share.hold.fence;
  }

  get fences(): ReadonlyMap<string, number> {
    return new Map([[this.key, this.fence]]);
  }

  get signal(): AbortSignal {
    return (this.controller ??= this.listen()).signal;
  }

  get expiresInMs(): number {
    const { share } = this;
    const { engine } = this.owner;
    return this.isHeld ? Math.max(0, share.hold.leftMs(engine.clock.now())) : 0;
  }

  get isHeld(): boolean {
    return !this.share.released && this.share.hold.isHeld;
  }

  assertHeld(): void {
    if (!this.isHeld) throw this.lostError();
  }

  async extend(ttl?: Duration): Promise<void> {
    const { share } = this;
    const { engine } = this.owner;
    const ms = ttl === undefined ? share.hold.request.ttl : checkTtl(ttl, engine.settings, 'ttl');
    if (this.downgrading !== undefined) await this.whenDowngraded();
    this.assertHeld();
    if (!(await engine.extend(share.hold, ms))) throw this.lostError();
  }

  release(): Promise<'released' | 'lost'> {
    if (this.outcome === undefined) {
      const fault = this.owner.faultOfRelease(this.share);
      if (fault !== undefined) return Promise.reject(fault);
      this.share.released = true;
      this.outcome = this.downgrading === undefined ? this.giveUp() : this.whenDowngraded().then(() => this.giveUp());
    }
    return this.outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      // It goes on in the background, and must not hide what the block threw.
      if (!(error instanceof LockStoreError)) throw error;
      this.owner.engine.log.warn(error.message);
    }
  }

  downgrade(): Promise<Lock> {
    this.downgrading ??= this.becomeReader().finally(() => (this.downgrading = undefined));
    return this.downgrading;
  }

  get isDowngrading(): boolean {
    return this.downgrading !== undefined;
  }

  /** Why a release would wait for itself; undefined where it would not, or is under way. */
  get faultOfRelease(): LockOptionsError | undefined {
    return this.outcome === undefined ? this.owner.faultOfRelease(this.share) : undefined;
  }

  /** Resolves when no downgrade is under way, whatever it came to. */
  async whenDowngraded(): Promise<void> {
    await this.downgrading?.catch(() => undefined);
  }

  private async becomeReader(): Promise<Lock> {
    const { share, owner } = this;
    const { hold } = share;
    const { key } = hold;
    if (hold.request.sharing !== undefined)
      throw new LockOptionsError(`downgrade: '${key}' is shared already; only a lock that is held alone can be downgraded.`, { key });
    this.assertHeld();
    if (hold.shares > 1) {
      throw new LockOptionsError(`downgrade: nested sections of '${key}' still hold it to write. Downgrade when they have ended.`, { key });
    }
    const isDone = await owner.engine.downgrade(hold, (reading) => {
      share.hold = reading;
      if (this.controller !== undefined) this.listenTo(reading, this.controller);
    });
    if (!isDone) throw this.lostError();
    return this;
  }

  private giveUp(): Promise<'released' | 'lost'> {
    const { share, owner } = this;
    const { hold } = share;
    this.stopListening?.();
    hold.shares--;
    const ending = hold.shares === 0 ? owner.engine.end(hold) : Promise.resolve(hold.isHeld ? ('released' as const) : ('lost' as const));
    owner.onReleased(share);
    return ending;
  }

  private listen(): AbortController {
    const controller = new AbortController();
    this.listenTo(this.share.hold, controller);
    return controller;
  }

  private listenTo(hold: Hold, controller: AbortController): void {
    // Holds on to no handle: whoever keeps only the signal still hears of the loss.
    const abort = (): void => controller.abort(new LockLostError(hold.key, hold.lossReason ?? 'expired'));
    if (this.isHeld) this.stopListening = hold.onLoss(abort);
    else if (hold.lossReason !== undefined) abort();
  }

  private lostError(): LockLostError {
    return new LockLostError(this.key, this.share.hold.lossReason ?? 'released');
  }
}
