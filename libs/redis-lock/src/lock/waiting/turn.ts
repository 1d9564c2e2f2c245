import type { Instant } from '../../runtime/clock.js';
import type { HandedOver } from '../../store/lock-store.interface.js';

/** Once another process is known to wait, a turn lasts no longer than this, in ms, whatever the number of its sections. */
const LONGEST_MS = 10;
/** So often at least the server is asked who else waits, in ms: a lost message costs no more. */
const REPORT_MS = 500;
/** No more fences than this are reserved at once: the counter must not outrun the clock. */
const MOST_FENCES = 32;
/** So many of them pass while the next ones are on their way. */
const LOW_FENCES = 12;

/**
 * How long one process may pass a lock on among its own callers, and with which fences. While no other process is known to wait there is
 * no limit; from then on a turn is at most `cohort` sections, or 10 ms.
 */
export class Turn {
  /** Whose turn it is: fences are good for the grant that they were reserved with. */
  token = '';
  private nextFence = 0;
  private fencesLeft = 0;
  private reportedAt = -Infinity;
  /** Since others are known to wait, on the monotonic clock. */
  private limitedSince: number | undefined;
  /** When a message last said so: it may be newer than an answer that comes after it. */
  private toldAt = -Infinity;
  private sections = 0;

  constructor(private readonly cohort: number) {}

  /**
   * The server granted the lock to this process: the first section of a turn begins. Both times are on the monotonic clock.
   * @param sentAt when the command was sent that was answered so
   */
  begin({ token, fence, others }: HandedOver, reserved: number, sentAt: number, reportedAt: number): void {
    this.token = token;
    this.nextFence = fence + 1;
    this.fencesLeft = reserved - 1;
    this.reportedAt = reportedAt;
    this.sections = 0;
    this.limitedSince = others || this.toldAt >= sentAt ? reportedAt : undefined;
  }

  /** The turn may have begun while nobody waited here: then nothing is known of it. */
  continueWith({ token, fence }: Pick<HandedOver, 'token' | 'fence'>): void {
    if (this.token !== token) this.begin({ token, fence, others: false }, 1, Infinity, -Infinity);
  }

  /** The server told who else waits, in answer to a command sent then, and reserved fences. */
  report(others: boolean, fence: number, count: number, sentAt: number, { monotonic }: Instant): void {
    // Where answers overtake each other, an older block must not follow a newer one.
    if (fence >= this.nextFence) {
      this.nextFence = fence;
      this.fencesLeft = count;
    }
    this.reportedAt = monotonic;
    if (others) this.limit(monotonic);
    else if (this.toldAt < sentAt) this.limitedSince = undefined;
  }

  /** A message: another process waits. */
  othersWait(now: number): void {
    this.toldAt = now;
    this.limit(now);
  }

  /** Whether the next section would be one too many. */
  isOver({ monotonic }: Instant): boolean {
    if (this.cohort === 0) return true;
    if (this.limitedSince === undefined) return false;
    return this.sections + 1 >= this.cohort || monotonic - this.limitedSince >= LONGEST_MS;
  }

  /** Whether the server is to be asked before the lock is passed on. */
  mustReport({ monotonic }: Instant): boolean {
    return this.fencesLeft === 0 || monotonic - this.reportedAt >= REPORT_MS;
  }

  /** Whether the next fences are to be reserved while sections go on. */
  get isRunningLow(): boolean {
    return this.fencesLeft > 0 && this.fencesLeft <= LOW_FENCES;
  }

  /** How many fences to reserve for that many callers in line. */
  fencesFor(callers: number): number {
    return this.cohort === 0 ? 1 : Math.min(Math.max(callers, 1), MOST_FENCES);
  }

  /** Begins the next section; returns its fence. */
  nextSection(): number {
    this.sections++;
    this.fencesLeft--;
    return this.nextFence++;
  }

  private limit(now: number): void {
    if (this.limitedSince !== undefined) return;
    this.limitedSince = now;
    this.sections = 0;
  }
}
