import type { CronTime } from 'cron';

/**
 * Tells for which moment of its schedule a timer has fired. When it fires is no answer: that is a little later, and not the same on every
 * instance. Nor is what cron says will be next: that changes while one looks.
 */
export class ScheduledMoments {
  private latest: Date;

  constructor(
    private readonly schedule: CronTime,
    since: Date,
  ) {
    this.latest = this.after(since);
  }

  /** The last moment that has come by now. */
  upTo(now: Date): Date {
    for (let next = this.after(this.latest); next <= now; next = this.after(next)) this.latest = next;
    return this.latest;
  }

  private after(moment: Date): Date {
    return this.schedule.getNextDateFrom(moment).toJSDate();
  }
}
