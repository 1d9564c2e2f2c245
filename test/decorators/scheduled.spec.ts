import { Inject, Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Locked } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { gate, redisLocks, TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

@Injectable()
class Jobs extends Watched {
  readonly ran: [string, unknown][] = [];
  hold: Promise<unknown> = Promise.resolve();

  @Cron(CronExpression.EVERY_SECOND, { name: 'cron above' })
  @Locked('cron:above')
  async cronAbove(): Promise<void> {
    await this.note('cron above');
  }

  @Locked('cron:below')
  @Cron(CronExpression.EVERY_SECOND, { name: 'cron below' })
  async cronBelow(): Promise<void> {
    await this.note('cron below');
  }

  @Interval('interval above', 20)
  @Locked('interval:above')
  async intervalAbove(): Promise<void> {
    await this.note('interval above');
  }

  @Locked('interval:below')
  @Interval('interval below', 20)
  async intervalBelow(): Promise<void> {
    await this.note('interval below');
  }

  @Locked('timeout')
  @Timeout('timeout', 20)
  async timeout(): Promise<void> {
    await this.note('timeout');
  }

  private async note(name: string): Promise<void> {
    this.ran.push([name, this.key()]);
    await this.hold;
  }
}

it('@Cron, @Interval and @Timeout call the method under its lock, above and below', async () => {
  const app = owned.add(await TestApp.start({ imports: [ScheduleModule.forRoot()], providers: [Jobs] }));
  const registry = app.context.get(SchedulerRegistry);
  expect([...registry.getCronJobs().keys()]).toEqual(['cron above', 'cron below']);
  expect(registry.getIntervals()).toEqual(['interval above', 'interval below']);
  const { ran } = app.get(Jobs);
  const names = ['cron above', 'cron below', 'interval above', 'interval below', 'timeout'];
  await until('all of them ran', 10_000, () => names.every((name) => ran.some(([found]) => found === name)));
  for (const name of names) expect(ran.find(([found]) => found === name)?.[1]).toBe(name.replace(' ', ':'));
});

it('a job that skips when it is busy runs on one instance only', async () => {
  const ran: string[] = [];
  const skipped: string[] = [];
  const { opened, open } = gate();

  @Injectable()
  class Daily {
    @Inject('INSTANCE') private readonly instance!: string;

    @Timeout(1)
    async tick(): Promise<void> {
      if ((await this.collect()) === undefined) skipped.push(this.instance);
    }

    @Locked('stats:daily', { ttl: '5m', wait: 0, onBusy: 'skip' })
    async collect(): Promise<string | undefined> {
      ran.push(this.instance);
      await opened;
      return 'done';
    }
  }

  const locks = redisLocks();
  const names = ['a', 'b', 'c'];
  for (const name of names) {
    const providers = [Daily, { provide: 'INSTANCE', useValue: name }];
    owned.add(await TestApp.start({ imports: [ScheduleModule.forRoot()], providers }, locks));
  }
  await until('the others skipped', 10_000, () => skipped.length === 2);
  open();
  expect(ran).toHaveLength(1);
  expect([...ran, ...skipped].sort()).toEqual(names);
});

@Injectable()
class Listener extends Watched {
  readonly heard: [string, string, unknown][] = [];

  @OnEvent('order.above')
  @Locked('event:{order.id}')
  async above(order: { id: string }): Promise<void> {
    this.heard.push(['above', order.id, this.key()]);
  }

  @Locked('event:{order.id}')
  @OnEvent('order.below')
  async below(order: { id: string }): Promise<void> {
    this.heard.push(['below', order.id, this.key()]);
  }

  @OnEvent('order.first')
  @Locked('event:{order.id}')
  @OnEvent('order.second')
  async both(order: { id: string }): Promise<void> {
    this.heard.push(['both', order.id, this.key()]);
  }
}

it('@OnEvent calls the method under its lock, above, below and both', async () => {
  const app = owned.add(await TestApp.start({ imports: [EventEmitterModule.forRoot()], providers: [Listener] }));
  const events = app.context.get(EventEmitter2);
  for (const name of ['above', 'below', 'first', 'second']) await events.emitAsync(`order.${name}`, { id: name });
  expect(app.get(Listener).heard).toEqual([
    ['above', 'above', 'event:above'],
    ['below', 'below', 'event:below'],
    ['both', 'first', 'event:first'],
    ['both', 'second', 'event:second'],
  ]);
});
