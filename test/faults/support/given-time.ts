const TURN_MS = 5;
/** A turn that comes later than this was kept from this process by the machine. */
const LATE_MS = 20;

/**
 * Tells how much time this process was given, whatever else the machine does: the time that passed, less the gaps in which a timer
 * that is due every 5 ms had no turn. A bound on an answer's time is meant for the time that was there to answer in.
 */
export class GivenTime {
  private last = performance.now();
  private withheld = 0;
  private longestGap = 0;
  private readonly timer = setInterval(() => this.turn(), TURN_MS);

  /** A clock that stands still in such gaps, in ms. */
  now(): number {
    return this.turn() - this.withheld;
  }

  /** The longest gap so far, in ms. */
  get longest(): number {
    return this.longestGap;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private turn(): number {
    const now = performance.now();
    const gap = now - this.last - TURN_MS;
    this.last = now;
    if (gap > LATE_MS) {
      this.withheld += gap;
      this.longestGap = Math.max(this.longestGap, gap);
    }
    return now;
  }
}
