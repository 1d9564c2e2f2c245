import { onAbort } from '../../runtime/abort-listeners.js';
import type { Clock, Timer, Timers } from '../../runtime/clock.js';
import type { Linked } from '../../runtime/linked-set.js';
import type { Hold } from '../hold.js';
import type { LockRequest } from '../lock-request.js';
import { signalsOf, type WaitRequest } from './wait-request.js';

/** One caller in line: settles once, by a grant, by the end of its wait, by its signal, or by being sent away. */
export class Waiter implements Linked<Waiter> {
  readonly turn: Promise<Hold>;
  before: Waiter | undefined;
  after: Waiter | undefined;
  private settle: { resolve: (hold: Hold) => void; reject: (reason: unknown) => void } | undefined;
  private readonly timer: Timer;
  private readonly stopListening: (() => void)[];

  constructor(
    private readonly wait: WaitRequest,
    time: { readonly clock: Clock; readonly timers: Timers },
    private readonly leave: (waiter: Waiter) => void,
    verdict: () => Error,
  ) {
    this.turn = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    const { waitMs } = wait.request;
    const waited = time.clock.now().monotonic - wait.since.monotonic;
    this.timer = time.timers.after(Math.max(0, waitMs - waited), () => this.reject(verdict()));
    this.stopListening = signalsOf(wait).map((aborting) => onAbort(aborting, () => this.reject(aborting.reason)));
  }

  get request(): LockRequest {
    return this.wait.request;
  }

  /** Whether this caller was served, or has gone. */
  get isOver(): boolean {
    return this.settle === undefined;
  }

  /** It is this caller's turn. Nothing is done where the caller had gone. */
  resolve(hold: Hold): void {
    this.end()?.resolve(hold);
  }

  reject(reason: unknown): void {
    this.end()?.reject(reason);
  }

  private end(): typeof this.settle {
    const { settle } = this;
    if (settle === undefined) return undefined;
    this.settle = undefined;
    this.timer.cancel();
    for (const stop of this.stopListening) stop();
    this.leave(this);
    return settle;
  }
}
