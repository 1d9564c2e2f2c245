import { setTimeout as pause } from 'node:timers/promises';

const LINE = /^(Made|Skipped|No) (?:the )?statistics until ([^ ]+Z)[:.]/;
const LOOK_MS = 50;
/** How long an instance may take to say what it did at a tick. */
const LATE_MS = 10_000;

/**
 * What the instances did at one tick of the schedule.
 * @typedef {{ runs: number, skips: number, failures: string[] }} Tick
 */

/** Reads in the logs of all instances what became of each tick of the schedule. */
export class ScheduleWatch {
  /** @type {Map<number, Tick>} by the moment that the tick is for */
  #ticks = new Map();
  #from = Infinity;

  /** @param {{ everyMs: number, instances: number, onTick: (at: Date, tick: Tick) => void }} options */
  constructor(options) {
    this.options = options;
  }

  /** From now on all instances are there: ticks before this moment do not count. */
  begin() {
    this.#from = Date.now();
  }

  /** @param {string} line one line of an instance's log, as JSON */
  read(line) {
    const [, what, until] = LINE.exec(messageIn(line)) ?? [];
    if (what === undefined || until === undefined) return;
    const at = Date.parse(until);
    const tick = this.#ticks.get(at) ?? { runs: 0, skips: 0, failures: [] };
    this.#ticks.set(at, tick);
    if (what === 'Made') tick.runs++;
    else if (what === 'Skipped') tick.skips++;
    else tick.failures.push(messageIn(line));
    if (at >= this.#from && this.#isComplete(tick)) this.options.onTick(new Date(at), tick);
  }

  /**
   * Waits until so many ticks have come and every instance has said what it did at each, and returns all of them in order.
   * A tick that was due and of which no instance said anything is there too, with nothing in it.
   * @param {number} least
   * @param {AbortSignal} signal
   * @returns {Promise<Tick[]>}
   */
  async ticks(least, signal) {
    const first = Math.ceil(this.#from / this.options.everyMs) * this.options.everyMs;
    const next = Math.ceil(Date.now() / this.options.everyMs) * this.options.everyMs;
    const end = Math.max(next, first + least * this.options.everyMs);
    const due = Array.from({ length: (end - first) / this.options.everyMs }, (_, i) => first + i * this.options.everyMs);
    const last = due.at(-1) ?? first;
    while (Date.now() < last + LATE_MS && !due.every((at) => this.#isComplete(this.#ticks.get(at)))) {
      await pause(LOOK_MS, undefined, { signal });
    }
    this.#from = Infinity;
    return due.map((at) => this.#ticks.get(at) ?? { runs: 0, skips: 0, failures: [] });
  }

  /** @param {Tick | undefined} tick */
  #isComplete(tick) {
    return tick !== undefined && tick.runs + tick.skips + tick.failures.length >= this.options.instances;
  }
}

/** @param {string} line */
function messageIn(line) {
  try {
    const { message } = JSON.parse(line);
    return String(message);
  } catch {
    // Not everything a process prints is a log line.
    return line;
  }
}
