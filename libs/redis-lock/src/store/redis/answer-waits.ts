import type { Clock, Timer, Timers } from '../../runtime/clock.js';
import { LinkedSet, type Linked } from '../../runtime/linked-set.js';

/** What the waits need. */
export interface AnswerWaitParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long an answer may take, in ms. */
  readonly timeout: number;
}

/** A command that was sent and not yet answered. */
export interface AnswerWait extends Linked<AnswerWait> {
  readonly period: Period;
  readonly lapse: () => void;
}

/** The time between two ticks. */
interface Period {
  endedAt: number;
}

const LONGEST_TICK_MS = 20;
const TICKS = 20;

/**
 * Ends the wait for answers that do not come, at most two ticks late and never early. All may take equally long, so they lapse in the
 * order they were sent; one timer, which runs only while something is unanswered, counts for all, and the clock is read once a tick: a
 * wait counts from the end of the period in which it began. (ioredis sets a timer for each command: 4 % of the rate.)
 */
export class AnswerWaits {
  private readonly waits = new LinkedSet<AnswerWait>();
  private readonly tickMs: number;
  private period: Period = { endedAt: Infinity };
  private tickedAt = -Infinity;
  private timer: Timer | undefined;

  /** How many are not answered. */
  get size(): number {
    return this.waits.size;
  }

  constructor(private readonly parts: AnswerWaitParts) {
    this.tickMs = Math.min(parts.timeout / TICKS, LONGEST_TICK_MS);
  }

  begin(lapse: () => void): AnswerWait {
    const wait = { period: this.period, lapse, before: undefined, after: undefined };
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
    this.timer = this.parts.timers.after(this.tickMs, () => this.tick(), { background: true });
  }

  private tick(): void {
    const now = this.parts.clock.now().monotonic;
    this.period.endedAt = now;
    this.period = { endedAt: Infinity };
    // Timers run before sockets are read. After a stall an answer may lie there unread, but none that was there at the tick before.
    const looked = now - this.tickedAt > 2 * this.tickMs ? this.tickedAt : now;
    this.tickedAt = now;
    let wait = this.waits.oldest;
    while (wait !== undefined && looked - wait.period.endedAt >= this.parts.timeout) {
      this.waits.delete(wait);
      wait.lapse();
      wait = this.waits.oldest;
    }
    this.timer = undefined;
    if (this.waits.size > 0) this.wind();
  }
}
