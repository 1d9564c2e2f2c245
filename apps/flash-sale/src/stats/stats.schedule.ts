import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob, CronTime } from 'cron';
import type { Environment } from '../config/environment.js';
import { ScheduledMoments } from './scheduled-moments.js';
import { StatsService } from './stats.service.js';

const TRIES = 5;
const PAUSE_MS = 1_000;

/** Calls for the statistics at the times of STATS_CRON, on every instance. */
@Injectable()
export class StatsSchedule implements OnApplicationBootstrap {
  private readonly logger = new Logger(StatsSchedule.name);

  constructor(
    private readonly config: ConfigService<Environment, true>,
    private readonly scheduler: SchedulerRegistry,
    private readonly stats: StatsService,
  ) {}

  onApplicationBootstrap(): void {
    // `@Cron` takes its expression when the class is loaded, before the configuration is there.
    const expression = this.config.get('STATS_CRON', { infer: true });
    const moments = new ScheduledMoments(new CronTime(expression), new Date());
    const job = new CronJob(expression, () => this.tick(moments.upTo(new Date())));
    this.scheduler.addCronJob('stats:daily', job);
    job.start();
  }

  private async tick(periodEnd: Date): Promise<void> {
    const until = periodEnd.toISOString();
    for (let tries = 1; ; tries++) {
      try {
        const report = await this.stats.makeReport(periodEnd);
        if (report === undefined) this.logger.log(`Skipped the statistics until ${until}: another instance makes them.`);
        else this.logger.log(`Made the statistics until ${until}: ${report.orders} orders, ${report.soldOut} products sold out.`);
        return;
      } catch (error) {
        if (tries === TRIES) {
          this.logger.error(`No statistics until ${until}: ${String(error)}`);
          return;
        }
        // The others may have skipped because of this very attempt. Asking again does no harm: a report is made once.
        this.logger.warn(`Trying again to make the statistics until ${until}: ${String(error)}`);
        await pause(PAUSE_MS);
      }
    }
  }
}
