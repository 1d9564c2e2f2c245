import { jest } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  Logger,
  Module,
  NotFoundException,
  Param,
  Res,
  UseFilters,
  type ArgumentsHost,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  LockBusyError,
  LockExceptionFilter,
  LockKeyError,
  LockLostError,
  LockOptionsError,
  LockStoreError,
  Locked,
  type RedisLockModuleOptions,
} from 'nestjs-redis-lock';
import type { ServerResponse } from 'node:http';
import { firstValueFrom, type Observable } from 'rxjs';
import { OwnRedis } from '../faults/support/own-redis.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { HttpApp, type Platform } from './support/http-app.js';
import { redisLocks } from './support/test-app.js';

const owned = ownedByEachTest();
const SECRET = 'redis://:s3cret@10.0.0.7:6379';
const cause = new Error(`connect ECONNREFUSED ${SECRET}`);

const ERRORS: Record<string, Error> = {
  busy: new LockBusyError('secret:key', { waitedMs: 100, retryAfterMs: 2_001 }),
  worded: new LockBusyError('secret:key', { waitedMs: 100, retryAfterMs: 0, publicMessage: '商品太火爆，请稍后再试' }),
  crowded: new LockBusyError('secret:key', { waitedMs: 0, retryAfterMs: 900, message: 'Too many callers wait for secret:key.' }),
  store: new LockStoreError(`No answer from ${SECRET}`, { key: 'secret:key', cause }),
  lost: new LockLostError('secret:key', 'expired', { result: 'secret result' }),
  key: new LockKeyError('@Locked on SecretService.buy: {id} is undefined', 'secret:key'),
  options: new LockOptionsError('@Locked on SecretService.buy: something secret'),
  other: new NotFoundException('no such thing'),
};

@Controller('shop')
class Shop {
  @Get('throws/:which')
  @Header('x-kind', 'shop')
  throws(@Param('which') which: string): never {
    throw ERRORS[which] ?? new Error(which);
  }

  @Get('buy/:id')
  @Locked('buy:{id}', { wait: 0, message: '商品太火爆，请稍后再试' })
  async buy(@Param('id') id: string): Promise<string> {
    return `bought ${id}`;
  }

  @Get('incomplete/:id')
  @Locked('incomplete:{kind}')
  async incomplete(@Param('id') id: string, kind?: string): Promise<unknown> {
    return [id, kind];
  }

  @Get('half-sent')
  async halfSent(@Res() response: ServerResponse | { raw: ServerResponse }): Promise<never> {
    const raw = 'raw' in response ? response.raw : response;
    raw.writeHead(200, { 'Content-Type': 'text/plain' });
    raw.write('the beginning');
    throw new LockLostError('half', 'expired');
  }
}

@UseFilters(LockExceptionFilter)
@Controller('filtered')
class Filtered extends Shop {}

@Module({})
class FailingMiddleware implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const fail = (): never => {
      throw ERRORS['store'] ?? new Error('It is there.');
    };
    consumer.apply(fail).forRoutes('before/anything');
  }
}

@Controller('before')
class Before {
  @Get('anything')
  anything(): string {
    return 'not reached';
  }
}

type Way = 'APP_FILTER' | 'useGlobalFilters' | 'UseFilters';

async function start(platform: Platform, way: Way = 'APP_FILTER', locks: RedisLockModuleOptions = redisLocks()): Promise<HttpApp> {
  const providers = way === 'APP_FILTER' ? [{ provide: APP_FILTER, useClass: LockExceptionFilter }] : [];
  const metadata = { imports: [FailingMiddleware], controllers: [Shop, Filtered, Before], providers };
  const prepare = (nest: HttpApp['nest']): void => {
    nest.enableCors({ origin: 'https://shop.example' });
    if (way === 'useGlobalFilters') nest.useGlobalFilters(new LockExceptionFilter());
  };
  return owned.add(await HttpApp.start(metadata, { platform, locks, prepare }));
}

let logged: string[];

beforeEach(() => {
  logged = [];
  for (const level of ['error', 'warn'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((...args: unknown[]) => {
      logged.push(`${level}: ${args.map(String).join(' ')}`);
    });
  }
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each<Platform>(['express', 'fastify'])('on %s', (platform) => {
  it.each<[string, number, string | null, object]>([
    ['busy', 409, '3', { type: 'urn:nestjs-redis-lock:lock-busy', title: 'Lock is busy', code: 'LOCK_BUSY', retryAfterMs: 2_001 }],
    ['worded', 409, '1', { code: 'LOCK_BUSY', title: 'Lock is busy', detail: '商品太火爆，请稍后再试', retryAfterMs: 0 }],
    ['crowded', 409, '1', { code: 'LOCK_BUSY' }],
    ['store', 503, '1', { type: 'urn:nestjs-redis-lock:lock-store', title: 'Lock store is not available', code: 'LOCK_STORE' }],
    ['lost', 500, null, { type: 'urn:nestjs-redis-lock:lock-lost', title: 'Lock was lost', code: 'LOCK_LOST' }],
    ['key', 400, null, { type: 'urn:nestjs-redis-lock:lock-key', title: 'Nothing to lock', code: 'LOCK_KEY' }],
    ['options', 500, null, { type: 'urn:nestjs-redis-lock:lock-options', code: 'LOCK_OPTIONS' }],
  ])('%s is a problem document of status %i', async (which, status, retryAfter, problem) => {
    const app = await start(platform);
    const answer = await app.fetch(`/shop/throws/${which}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    // What the framework has gathered by then belongs to the answer.
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(answer.headers.get('x-kind')).toBe('shop');
    const body = await answer.text();
    expect(JSON.parse(body)).toMatchObject({ ...problem, status, detail: expect.any(String) as string });
    expect(body).not.toMatch(/s3cret|secret|SecretService|ECONNREFUSED|10\.0\.0\.7/);
  });

  it.each<[Way, string]>([
    ['APP_FILTER', '/shop'],
    ['useGlobalFilters', '/shop'],
    ['UseFilters', '/filtered'],
  ])('is used by %s', async (way, path) => {
    const app = await start(platform, way);
    expect((await app.fetch(`${path}/throws/busy`)).status).toBe(409);
  });

  it('leaves other errors to Nest', async () => {
    const app = await start(platform);
    const answer = await app.fetch('/shop/throws/other');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ statusCode: 404, error: 'Not Found', message: 'no such thing' });
  });

  it('answers a decorated route that is busy, and one whose value is missing', async () => {
    const app = await start(platform);
    const lock = await app.locks.acquire('buy:42', { ttl: '20s' });
    const busy = await app.fetch('/shop/buy/42');
    expect(busy.status).toBe(409);
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(10);
    expect(await busy.json()).toMatchObject({ detail: '商品太火爆，请稍后再试' });
    await lock.release();
    expect(await (await app.fetch('/shop/buy/42')).text()).toBe('bought 42');

    const missing = await app.fetch('/shop/incomplete/42');
    expect([missing.status, await missing.json()]).toMatchObject([400, { code: 'LOCK_KEY' }]);
    expect(logged).toEqual([expect.stringMatching(/^warn: @Locked on Shop\.incomplete: \{kind\} .* is undefined/)]);
  });

  it('answers 503 while Redis is away, and logs why', async () => {
    const redis = owned.add(await OwnRedis.start());
    const app = await start(platform, 'APP_FILTER', { ...redisLocks(), connection: redis.url, commandTimeout: 300 });
    await redis.kill();
    const answer = await app.fetch('/shop/buy/42');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.text()).not.toContain(String(redis.port));
    expect(logged.filter((line) => line.startsWith('error: '))).not.toEqual([]);
  });

  it('ends an answer that was half sent', async () => {
    const caught = jest.spyOn(LockExceptionFilter.prototype, 'catch');
    const app = await start(platform);
    const answer = await app.fetch('/shop/half-sent');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('the beginning');
    expect(caught.mock.results).toEqual([{ type: 'return', value: undefined }]);
    expect((await app.fetch('/shop/buy/1')).status).toBe(200);
  });

  it('answers for a middleware', async () => {
    const app = await start(platform);
    const answer = await app.fetch('/before/anything');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(await answer.json()).toMatchObject({ code: 'LOCK_STORE' });
  });

  it('logs what the body does not say', async () => {
    const app = await start(platform);
    for (const which of ['store', 'lost', 'options', 'busy']) await app.fetch(`/shop/throws/${which}`);
    expect(logged).toEqual([
      expect.stringContaining(`error: No answer from ${SECRET} (connect ECONNREFUSED ${SECRET}) LockStoreError: No answer`),
      expect.stringContaining("error: The lock 'secret:key' is no longer held"),
      expect.stringContaining('error: @Locked on SecretService.buy: something secret'),
    ]);
  });
});

describe('outside of HTTP', () => {
  const error = new LockBusyError('a', { waitedMs: 0, retryAfterMs: 0 });
  // All that the filter looks at.
  const host = (type: string): ArgumentsHost => ({ getType: () => type }) as unknown as ArgumentsHost;

  it.each(['ws', 'graphql', 'something new'])('it rethrows: %s', (type) => {
    expect(() => new LockExceptionFilter().catch(error, host(type))).toThrow(error);
  });

  it('it rethrows as the failed stream that Nest expects of a filter in a microservice', async () => {
    const stream = new LockExceptionFilter().catch(error, host('rpc')) as Observable<unknown>;
    await expect(firstValueFrom(stream)).rejects.toBe(error);
  });
});
