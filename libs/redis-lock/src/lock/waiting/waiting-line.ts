import { LockBusyError } from '../../errors/lock-busy.error.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import type { Clock, Timers } from '../../runtime/clock.js';
import { outside } from '../../runtime/outside.js';
import { isHold, mayTryAgain, type Attempts, type Busy } from '../attempts.js';
import type { Hold } from '../hold.js';
import { signalsOf, Waiter } from './waiter.js';
import type { WaitRequest } from './waiting.interface.js';

/** What a line needs. */
export interface WaitingLineParts {
  readonly attempts: Attempts;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Gives back a hold that came for a caller who had gone. */
  readonly returnUnused: (hold: Hold) => void;
  readonly random: () => number;
}

/** A wake-up is only a hint, so the head looks by itself: when the holder's lease ends, but within these bounds. */
const LOOK_MS = { least: 50, most: 500 };
const STORE_PAUSE_MS = { first: 50, most: 250 };

/** The callers of this process that wait for one key, first come, first served. Only the head asks the store. */
export class WaitingLine {
  private readonly waiters: Waiter[] = [];
  private serving = false;
  private woken = false;
  private endPause: (() => void) | undefined;
  private busyUntil = 0;
  private storeError: LockStoreError | undefined;
  private storePause = STORE_PAUSE_MS.first;

  constructor(
    private readonly key: string,
    private readonly parts: WaitingLineParts,
    private readonly whenEmpty: () => void,
  ) {}

  get length(): number {
    return this.waiters.length;
  }

  /** Present while the store does not answer to the head. */
  get trouble(): LockStoreError | undefined {
    return this.storeError;
  }

  join(wait: WaitRequest, found: Busy | LockStoreError | undefined): Promise<Hold> {
    const aborted = signalsOf(wait).find((signal) => signal.aborted);
    // Whoever aborted chose the reason; it is passed on as it is.
    if (aborted !== undefined) return Promise.reject(aborted.reason as Error);
    const waiter = new Waiter(
      wait,
      this.parts,
      (self) => this.leave(self),
      () => this.verdict(wait),
    );
    this.waiters.push(waiter);
    if (!this.serving) {
      const pause = found === undefined ? 0 : this.note(found);
      // Outside the context of this caller, who may be long gone when others wait.
      void outside(() => this.serve(pause));
    }
    return waiter.turn;
  }

  /** The lock may be free: the head asks at once, or once more if it is asking already. */
  wake(): void {
    this.woken = true;
    this.endPause?.();
  }

  /** Never rejects: what an attempt throws reaches the head. */
  private async serve(firstPause: number): Promise<void> {
    this.serving = true;
    let pause = firstPause;
    for (;;) {
      await this.pause(pause);
      const head = this.waiters[0];
      if (head === undefined) break;
      try {
        const answer = await this.parts.attempts.make(this.key, head.wait.request, true);
        this.storeError = undefined;
        this.storePause = STORE_PAUSE_MS.first;
        pause = isHold(answer) ? this.grant(head, answer) : this.note(answer);
      } catch (error) {
        if (mayTryAgain(error)) pause = this.note(error);
        else head.reject(error);
      }
    }
    this.serving = false;
    this.whenEmpty();
  }

  /** Until this hold ends there is nothing to ask for; its release wakes the line. */
  private grant(head: Waiter, hold: Hold): number {
    if (!head.resolve(hold)) this.parts.returnUnused(hold);
    return this.woken ? 0 : LOOK_MS.most;
  }

  /** Remembers why the lock cannot be had and returns when to look again, in ms. */
  private note(found: Busy | LockStoreError): number {
    if (found instanceof LockStoreError) {
      this.storeError = found;
      const pause = this.storePause;
      this.storePause = Math.min(pause * 2, STORE_PAUSE_MS.most);
      return pause;
    }
    const left = found.leaseLeftMs ?? LOOK_MS.most;
    this.busyUntil = this.parts.clock.now().monotonic + left;
    return Math.min(Math.max(left + this.parts.random() * LOOK_MS.least, LOOK_MS.least), LOOK_MS.most);
  }

  /** What a caller is told whose wait is over. */
  private verdict({ key, since }: WaitRequest): Error {
    const { storeError } = this;
    if (storeError !== undefined) return storeError;
    const now = this.parts.clock.now().monotonic;
    return new LockBusyError(key, {
      waitedMs: Math.round(now - since.monotonic),
      retryAfterMs: Math.max(0, Math.round(this.busyUntil - now)),
    });
  }

  private leave(waiter: Waiter): void {
    const at = this.waiters.indexOf(waiter);
    if (at !== -1) this.waiters.splice(at, 1);
    if (this.waiters.length === 0) this.endPause?.();
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0 && !this.woken && this.waiters.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.parts.timers.after(ms, resolve);
        this.endPause = () => {
          timer.cancel();
          resolve();
        };
      });
      this.endPause = undefined;
    }
    this.woken = false;
  }
}
