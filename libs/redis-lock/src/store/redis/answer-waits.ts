import type { Timer, Timers } from '../../runtime/clock.js';
import { LinkedSet, type Linked } from '../../runtime/linked-set.js';

/** What the waits need. */
export interface AnswerWaitParts {
  readonly timers: Timers;
  /** How long an answer may take, in ms; undefined for ever. */
  readonly timeout: number | undefined;
}

/** A command that was sent and not yet answered. */
export interface AnswerWait extends Linked<AnswerWait> {
  readonly lapsesAt: number;
  readonly lapse: () => void;
}

const LONGEST_TICK_MS = 50;
const TICKS = 20;

/**
 * Ends the wait for answers that do not come, at most a tick late. All may take equally long, so they lapse in the order they were
 * sent; one timer, which runs only while something is unanswered, counts for all. (ioredis sets one for each command: 4 % of the rate.)
 */
export class AnswerWaits {
  private readonly waits = new LinkedSet<AnswerWait>();
  private readonly tickMs: number;
  private readonly ticks: number;
  private tick = 0;
  private timer: Timer | undefined;

  constructor(private readonly parts: AnswerWaitParts) {
    const timeout = parts.timeout ?? Infinity;
    this.tickMs = Math.min(timeout / TICKS, LONGEST_TICK_MS);
    // One more than fits, since the first is cut short.
    this.ticks = Math.ceil(timeout / this.tickMs) + 1;
  }

  begin(lapse: () => void): AnswerWait {
    const wait = { lapsesAt: this.tick + this.ticks, lapse, before: undefined, after: undefined };
    this.waits.add(wait);
    if (this.timer === undefined) this.wind();
    return wait;
  }

  end(wait: AnswerWait): void {
    this.waits.delete(wait);
  }

  close(): void {
    this.timer?.cancel();
  }

  private wind(): void {
    if (this.parts.timeout === undefined) return;
    this.timer = this.parts.timers.after(this.tickMs, () => this.count(), { background: true });
  }

  private count(): void {
    this.tick++;
    this.timer = undefined;
    for (const wait of this.waits) {
      if (wait.lapsesAt > this.tick) break;
      this.waits.delete(wait);
      wait.lapse();
    }
    if (this.waits.size > 0) this.wind();
  }
}
