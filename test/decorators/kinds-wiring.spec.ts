import { Body, Controller, Get, HttpCode, Injectable, Param, ParseIntPipe, Post, SetMetadata } from '@nestjs/common';
import { APP_FILTER, Reflector } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Limited, LockExceptionFilter, LockKey, Locked, ReadLocked, RedisLockModule, WriteLocked } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { HttpApp, type Platform } from './support/http-app.js';
import { redisLocks, TestApp, Watched } from './support/test-app.js';

// All decorators are made by one function, whose wiring the specs of @Locked show in full.
const owned = ownedByEachTest();
const PLATFORMS: Platform[] = ['express', 'fastify'];

@Injectable()
class Jobs extends Watched {
  readonly ran = new Map<string, unknown>();

  @Cron(CronExpression.EVERY_SECOND, { name: 'cron above' })
  @Limited('job:cron:above', { limit: 2 })
  async cronAbove(): Promise<void> {
    this.ran.set('cron above', this.key());
  }

  @WriteLocked('job:cron:below', '10s')
  @Cron(CronExpression.EVERY_SECOND, { name: 'cron below' })
  async cronBelow(): Promise<void> {
    this.ran.set('cron below', this.key());
  }

  @Interval('interval above', 20)
  @ReadLocked('job:interval:above')
  async intervalAbove(): Promise<void> {
    this.ran.set('interval above', this.key());
  }

  @Locked(['job:interval:below', 'job:interval'])
  @Interval('interval below', 20)
  async intervalBelow(): Promise<void> {
    this.ran.set('interval below', this.key());
  }

  @OnEvent('order.above')
  @Limited('event:{order.id}', { limit: 1 })
  async above(order: { id: string }): Promise<void> {
    this.ran.set(`event ${order.id}`, this.key());
  }

  @ReadLocked('event:{order.id}')
  @OnEvent('order.below')
  async below(order: { id: string }): Promise<void> {
    this.ran.set(`event ${order.id}`, this.key());
  }
}

it('@Cron, @Interval and @OnEvent call the method under what it holds, above and below', async () => {
  const app = owned.add(await TestApp.start({ imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot()], providers: [Jobs] }));
  const registry = app.context.get(SchedulerRegistry);
  expect([...registry.getCronJobs().keys()]).toEqual(['cron above', 'cron below']);
  expect(registry.getIntervals()).toEqual(['interval above', 'interval below']);
  for (const name of ['above', 'below']) await app.context.get(EventEmitter2).emitAsync(`order.${name}`, { id: name });
  const { ran } = app.get(Jobs);
  await until('all of them ran', 10_000, () => ran.size === 6);
  expect(Object.fromEntries(ran)).toEqual({
    'cron above': 'job:cron:above',
    'cron below': 'job:cron:below',
    'interval above': 'job:interval:above',
    'interval below': ['job:interval:below', 'job:interval'],
    'event above': 'event:above',
    'event below': 'event:below',
  });
});

@Controller()
class Routes extends Watched {
  @Get('read/:id')
  @SetMetadata('kind', 'read')
  @ReadLocked('price:{id}')
  async read(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { id, key: this.key() };
  }

  @WriteLocked('price:{id}', { wait: 0, message: 'The price is in use.' })
  @SetMetadata('kind', 'write')
  @HttpCode(203)
  @Post('write/:id')
  async write(@LockKey('id') @Param('id') id: string, @Body() body: { cents: number }): Promise<object> {
    return { id, cents: body.cents, key: this.key() };
  }

  @Limited('export', { limit: 1, wait: 0, message: 'An export is running already.' })
  @Get('export')
  async export(): Promise<object> {
    return { key: this.key() };
  }

  @Post('transfer/:from/:to')
  @Locked((from: string, to: string) => [`account:${from}`, `account:${to}`], { wait: 0 })
  async transfer(@Param('from') _from: string, @Param('to') _to: string): Promise<object> {
    return { key: this.key() };
  }
}

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: HttpApp;

  beforeEach(async () => {
    const providers = [{ provide: APP_FILTER, useClass: LockExceptionFilter }];
    app = owned.add(await HttpApp.start({ controllers: [Routes], providers }, { platform }));
  });

  it('routes run under what they hold, with pipes, status and metadata, in either order', async () => {
    expect(await (await app.fetch('/read/42')).json()).toEqual({ id: 42, key: 'price:42' });
    expect((await app.fetch('/read/abc')).status).toBe(400);
    const written = await app.post('/write/42', { cents: 5 });
    expect(written.status).toBe(203);
    expect(await written.json()).toEqual({ id: '42', cents: 5, key: 'price:42' });
    expect(await (await app.fetch('/export')).json()).toEqual({ key: 'export' });
    expect(await (await app.post('/transfer/a/b', {})).json()).toEqual({ key: ['account:a', 'account:b'] });
    const { read, write } = Routes.prototype;
    expect([read, write].map((handler) => app.nest.get(Reflector).get<string>('kind', handler))).toEqual(['read', 'write']);
  });

  it('callers are told in the words of `message` that it is busy', async () => {
    const reader = await app.locks.acquire('price:42', { mode: 'read' });
    const permit = await app.locks.acquirePermit('export', { limit: 1 });
    const account = await app.locks.acquire('account:b');
    expect((await app.fetch('/read/42')).status).toBe(200);
    for (const [answer, detail] of [
      [await app.post('/write/42', { cents: 5 }), 'The price is in use.'],
      [await app.fetch('/export'), 'An export is running already.'],
      [await app.post('/transfer/a/b', {}), 'Somebody else is working on the same thing. Try again later.'],
    ] as const) {
      expect(answer.status).toBe(409);
      expect(answer.headers.has('retry-after')).toBe(true);
      expect(await answer.json()).toMatchObject({ code: 'LOCK_BUSY', detail });
    }
    for (const lock of [reader, permit, account]) await lock.release();
    expect((await app.fetch('/export')).status).toBe(200);
  });
});

it('each takes the connection it names', async () => {
  @Injectable()
  class Reports extends Watched {
    @ReadLocked('a', { connection: 'reports' })
    async read(): Promise<unknown> {
      return this.locks.current();
    }

    @WriteLocked('a', { connection: 'reports' })
    async write(): Promise<unknown> {
      return this.locks.current();
    }

    @Limited('b', { limit: 1, connection: 'reports' })
    async limited(): Promise<unknown> {
      return this.locks.current();
    }
  }
  const reports = RedisLockModule.forRoot({ ...redisLocks(), name: 'reports' });
  const app = owned.add(await TestApp.start({ imports: [reports], providers: [Reports] }));
  const held = [await app.locks.acquire('a'), await app.locks.acquire('b')];
  const service = app.get(Reports);
  expect([await service.read(), await service.write(), await service.limited()]).toEqual([undefined, undefined, undefined]);
  for (const lock of held) await lock.release();
});
