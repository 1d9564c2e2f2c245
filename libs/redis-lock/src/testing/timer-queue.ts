interface SetTimer {
  readonly at: number;
  readonly run: () => void;
}

/** Timers by when they are due; those due together in the order they were set. */
export class TimerQueue {
  private readonly timers: SetTimer[] = [];

  get size(): number {
    return this.timers.length;
  }

  /** When the next one is due; Infinity where there is none. */
  get nextAt(): number {
    return this.timers[0]?.at ?? Infinity;
  }

  /** Returns what cancels it. */
  add(at: number, run: () => void): () => void {
    const timer = { at, run };
    this.timers.splice(this.placeOf(at), 0, timer);
    return () => {
      const place = this.timers.indexOf(timer);
      if (place !== -1) this.timers.splice(place, 1);
    };
  }

  /** Takes out the next one, if it is due by then. */
  takeDue(until: number): (() => void) | undefined {
    return this.nextAt <= until ? this.timers.shift()?.run : undefined;
  }

  /** Behind all that are due no later. */
  private placeOf(at: number): number {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timers[middle]?.at ?? Infinity) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
