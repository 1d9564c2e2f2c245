import type { Instant } from '../runtime/clock.js';

/** How far two clocks may run apart, as Redlock's description has it: 1 % of the lease and 2 ms. */
const DRIFT_SHARE = 0.01;
const DRIFT_MS = 2;

/**
 * For how long this process may believe in a lease. It counts from before the request was sent, since the server cannot have
 * granted it earlier, and on two clocks, whichever ends it first: the monotonic one does not step, the wall clock runs on
 * while the machine is suspended.
 */
export class Lease {
  private constructor(
    private readonly monotonicEnd: number,
    private readonly wallEnd: number,
  ) {}

  /** The lease that a request sent at that instant asked for, less drift. */
  static granted(sent: Instant, ms: number): Lease {
    return Lease.until(sent, ms - ms * DRIFT_SHARE - DRIFT_MS);
  }

  /** A bound of our own making; no other clock is involved. */
  static until(from: Instant, ms: number): Lease {
    return new Lease(from.monotonic + ms, from.wall + ms);
  }

  /** The lease to ask for so that it can be believed in for that long. */
  static covering(ms: number): number {
    return (ms + DRIFT_MS) / (1 - DRIFT_SHARE);
  }

  /** What is left, in ms; 0 or less when it is over. */
  left(now: Instant): number {
    return Math.min(this.monotonicEnd - now.monotonic, this.wallEnd - now.wall);
  }

  earlier(other: Lease): Lease {
    return new Lease(Math.min(this.monotonicEnd, other.monotonicEnd), Math.min(this.wallEnd, other.wallEnd));
  }

  later(other: Lease): Lease {
    // One of the two as a whole: the ends of both, mixed, would be a lease that nobody granted, after a step of the wall clock.
    return other.monotonicEnd > this.monotonicEnd ? other : this;
  }
}
