import {
  Controller,
  Post,
  Sse,
  UseInterceptors,
  VersioningType,
  type CallHandler,
  type ExecutionContext,
  type LoggerService,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { of, type Observable } from 'rxjs';
import { IdempotencyInterceptor, Idempotent, LockOptionsError, PreventDuplicate, type IdempotencyOptions } from 'nestjs-redis-lock';
import { codeOf, FRAMEWORKS, HttpStage, newKey, type AppParts } from './support/http-stage.js';
import { WatchedCommands } from './support/watched-commands.js';
import { Inside, Everywhere, Undecorated, OnClass, AboveController, OnMethod, One, Two, Versions } from './support/wired.controllers.js';

describe.each(FRAMEWORKS)('Where the interceptor is put (%s)', (framework) => {
  const stages: HttpStage[] = [];
  const open = async (controllers: Type[], more: Partial<AppParts> = {}): Promise<HttpStage> => {
    const stage = await HttpStage.open({ framework, controllers, idempotency: { scope: 'global' }, ...more });
    stages.push(stage);
    return stage;
  };
  afterEach(async () => {
    for (const stage of stages.splice(0)) await stage.close();
  });

  it('acts once for APP_INTERCEPTOR, class and method together', async () => {
    const stage = await open([Everywhere], { providers: [{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }, Inside] });
    const watched = await WatchedCommands.open(stage.keyPrefix);
    try {
      await stage.send('/everywhere', { key: newKey() });
      const key = newKey();
      const replies: unknown[] = [];
      const send = async (): Promise<void> => {
        const response = await stage.send('/everywhere', { key });
        replies.push([await response.json(), response.headers.get('idempotent-replayed')]);
      };
      expect(await watched.during(send)).toBe(2);
      expect(await watched.during(send)).toBe(1);
      expect(replies).toEqual([
        [{ start: 2 }, null],
        [{ start: 2 }, 'true'],
      ]);
      expect(stage.get(Everywhere).starts).toBe(2);
    } finally {
      watched.close();
    }
  });

  it('keeps replays from the interceptors inside', async () => {
    let runs = 0;
    class Counting implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        runs++;
        return next.handle();
      }
    }
    @Controller()
    class Layers {
      @Post('layers')
      @Idempotent()
      @UseInterceptors(Counting)
      inside(): object {
        return {};
      }
    }
    // Decorators apply from below: Counting is listed first, so it runs outside.
    const stage = await open([Layers], { providers: [{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }] });
    const key = newKey();
    await stage.send('/layers', { key });
    expect((await stage.send('/layers', { key })).headers.get('idempotent-replayed')).toBe('true');
    expect(runs).toBe(1);
  });

  it('does nothing without a decorator, and warns at start', async () => {
    const warnings: string[] = [];
    const logger: LoggerService = {
      log: () => undefined,
      error: () => undefined,
      warn: (text: unknown) => void warnings.push(String(text)),
    };
    const stage = await open([Undecorated], { prepare: (app) => app.useLogger(logger) });
    const key = newKey();
    await stage.send('/undecorated', { key });
    const response = await stage.send('/undecorated', { key });
    expect(await response.json()).toEqual({ start: 2 });
    expect(response.headers.has('idempotent-replayed')).toBe(false);
    expect(warnings.filter((text) => text.includes('Undecorated') && text.includes('@Idempotent()'))).toHaveLength(1);
  });

  it('does not bind what an interceptor inside answers instead of the handler', async () => {
    let answers = 0;
    class Instead implements NestInterceptor {
      intercept(): Observable<unknown> {
        return of({ answer: ++answers });
      }
    }
    @Controller()
    class Never {
      @Post('instead')
      @Idempotent()
      @UseInterceptors(Instead)
      never(): object {
        return {};
      }
    }
    const stage = await open([Never], { providers: [{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }] });
    const key = newKey();
    await stage.send('/instead', { key });
    expect(await (await stage.send('/instead', { key })).json()).toEqual({ answer: 2 });
  });

  it('works on a class: its options win over the module’s, and the method’s over its', async () => {
    const stage = await open([OnClass], { idempotency: { scope: 'global', header: 'X-Module-Key' } });
    const key = newKey();
    for (const [path, name] of [
      ['/class/post', 'X-Class-Key'],
      ['/class/own', 'X-Method-Key'],
    ] as const) {
      expect(await codeOf(await stage.send(path, { headers: { 'X-Module-Key': key } }))).toBe('IDEMPOTENCY_KEY_MISSING');
      await stage.send(path, { headers: { [name]: key } });
      expect((await stage.send(path, { headers: { [name]: key } })).headers.get('idempotent-replayed')).toBe('true');
    }
    expect((await stage.send('/class/get', { method: 'GET' })).status).toBe(200);
    expect(stage.get(OnClass).starts).toBe(3);
  });

  it('works on a class above @Controller()', async () => {
    const stage = await open([AboveController]);
    const key = newKey();
    await stage.send('/above', { key });
    expect(await (await stage.send('/above', { key })).json()).toEqual({ start: 1 });
  });

  it('takes the module’s options where the method says nothing', async () => {
    const stage = await open([OnMethod], { idempotency: { scope: 'global', header: 'X-Module-Key' } });
    const key = newKey();
    for (const [path, name, other] of [
      ['/method/module', 'X-Module-Key', 'X-Method-Key'],
      ['/method/method', 'X-Method-Key', 'X-Module-Key'],
    ] as const) {
      expect(await codeOf(await stage.send(path, { headers: { [other]: key } }))).toBe('IDEMPOTENCY_KEY_MISSING');
      await stage.send(path, { headers: { [name]: key } });
      expect((await stage.send(path, { headers: { [name]: key } })).headers.get('idempotent-replayed')).toBe('true');
    }
    expect(stage.get(OnMethod).starts).toBe(2);
  });

  it('reaches inherited routes, each controller’s as an operation of its own', async () => {
    const stage = await open([One, Two]);
    const key = newKey();
    for (const path of ['/one/inherited', '/two/inherited']) {
      const by = path.startsWith('/one') ? 'One' : 'Two';
      expect(await (await stage.send(path, { key })).json()).toEqual({ by, start: 1 });
      expect(await (await stage.send(path, { key })).json()).toEqual({ by, start: 1 });
    }
    expect([stage.get(One).starts, stage.get(Two).starts]).toEqual([1, 1]);
  });

  it('tells versions of a route apart', async () => {
    const stage = await open([Versions], { prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }) });
    const key = newKey();
    const replies: unknown[] = [];
    for (const version of ['1', '2', '1', '2']) {
      replies.push(await (await stage.send('/versions', { key, headers: { 'X-Version': version } })).json());
    }
    expect(replies).toEqual([
      { version: 1, start: 1 },
      { version: 2, start: 2 },
      { version: 1, start: 1 },
      { version: 2, start: 2 },
    ]);
  });

  describe('refuses to start with', () => {
    @Controller()
    class Both {
      @Post()
      @Idempotent()
      @PreventDuplicate({ key: '{ip}' })
      both(): object {
        return {};
      }
    }
    @Controller()
    class Events {
      @Sse('events')
      @Idempotent()
      events(): Observable<object> {
        return of({ data: 1 });
      }
    }
    @Controller()
    class BadTtl {
      @Post()
      // As plain JavaScript can have it.
      @Idempotent({ ttl: 'soon' } as unknown as IdempotencyOptions)
      bad(): object {
        return {};
      }
    }
    @Controller()
    class LongLease {
      @Post()
      @Idempotent({ ttl: '1s', lease: '2s' })
      bad(): object {
        return {};
      }
    }
    it.each<[string, Type, RegExp]>([
      ['both decorators on one route', Both, /Both\.both.*Write one of them/],
      ['@Sse()', Events, /Events\.events.*cannot be replayed/],
      ['an option that is wrong', BadTtl, /BadTtl\.bad.*ttl/],
      ['a lease longer than the ttl', LongLease, /LongLease\.bad.*lease/],
    ])('%s', async (_name, controller, message) => {
      const opening = open([controller]);
      await expect(opening).rejects.toBeInstanceOf(LockOptionsError);
      await expect(opening).rejects.toThrow(message);
    });
  });
});
