/** Two readings of time, in ms. */
export interface Instant {
  /** Never steps, but stands still while the machine is suspended. */
  readonly monotonic: number;
  /** Runs on during a suspend, but may step. */
  readonly wall: number;
}

/** The engine's only source of time. */
export interface Clock {
  now(): Instant;
}

/** A timer that was set. */
export interface Timer {
  cancel(): void;
}

/** The engine's only source of timers. A background timer does not keep the process alive. */
export interface Timers {
  after(ms: number, run: () => void, options?: { background?: boolean }): Timer;
  /** Runs something when timers that are due and what has arrived had their turn. */
  soon(run: () => void): void;
}
