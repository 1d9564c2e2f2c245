// @ts-check
/**
 * What idempotency adds to a request: the same small JSON handler undecorated, decorated (first requests and replays), and undecorated beside
 * decorated ones, in an application without any of it, and in one with a global interceptor that does nothing, over HTTP on one connection each, interleaved in rounds, against a PING of the same Redis in the same run:
 * in a tight loop, and as a handler sees it, once in each request, when both sides have to be woken up for it.
 *
 *   node bench/idempotency.mjs [--rounds 15] [--block 300]          REDIS_URL names the server; without it one is started
 */
import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { IdempotencyInterceptor, Idempotent, RedisLockModule } from 'nestjs-redis-lock';
import { benchServer } from './bench-server.mjs';
import { median, numberArgument } from './figures.mjs';

const rounds = numberArgument('--rounds', 15);
const block = numberArgument('--block', 300);

/** What Nest itself takes for any interceptor. */
class PassingInterceptor {
  /** @param {import('@nestjs/common').ExecutionContext} _context @param {import('@nestjs/common').CallHandler} next */
  intercept(_context, next) {
    return next.handle();
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const server = await benchServer();
try {
  process.stdout.write(`${JSON.stringify(await measure(server.url), null, 2)}\n`);
} finally {
  await server.stop();
}

/** @param {string} url */
async function measure(url) {
  const redis = new Redis(url);
  const module = () => RedisLockModule.forRoot({ connection: url, keyPrefix: `bench-${randomUUID()}:`, idempotency: { scope: 'global' } });
  const plain = await open(redis);
  const passing = await open(redis, undefined, PassingInterceptor);
  const decorated = await open(redis, module());
  const guarded = await open(redis, module(), IdempotencyInterceptor);
  const once = randomUUID();
  /** @type {Record<string, () => Promise<unknown>>} */
  const subjects = {
    ping: () => redis.ping(),
    bare: () => post(plain.port, '/plain'),
    besideDecorated: () => post(decorated.port, '/plain'),
    passing: () => post(passing.port, '/plain'),
    undecorated: () => post(guarded.port, '/plain'),
    pinging: () => post(guarded.port, '/pinging'),
    first: () => post(guarded.port, '/idempotent', randomUUID()),
    replay: () => post(guarded.port, '/idempotent', once),
  };
  /** @type {Record<string, number[]>} */
  const medians = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (const run of Object.values(subjects)) await timed(run);
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(subjects);
    const turned = [...names.slice(round % names.length), ...names.slice(0, round % names.length)];
    for (const name of turned) medians[name]?.push(await timed(subjects[name] ?? (async () => undefined)));
  }
  agent.destroy();
  await Promise.all([plain, passing, decorated, guarded].map(({ app }) => app.close()));
  redis.disconnect();
  /** The median over the rounds of a figure of each. @param {(at: (name: string) => number) => number} figure */
  const over = (figure) => Number(median(Array.from({ length: rounds }, (_, i) => figure((name) => medians[name]?.[i] ?? NaN))).toFixed(3));
  return {
    rounds,
    block,
    medianMicros: Object.fromEntries(Object.keys(subjects).map((name) => [name, Math.round(1_000 * over((at) => at(name)))])),
    firstAddsInPings: over((at) => (at('first') - at('undecorated')) / at('ping')),
    replayAddsInPings: over((at) => (at('replay') - at('undecorated')) / at('ping')),
    firstAddsInPingsOfRequests: over((at) => (at('first') - at('undecorated')) / (at('pinging') - at('undecorated'))),
    replayAddsInPingsOfRequests: over((at) => (at('replay') - at('undecorated')) / (at('pinging') - at('undecorated'))),
    undecoratedAgainstBare: over((at) => at('besideDecorated') / at('bare')),
    undecoratedAgainstBareWithGlobalInterceptor: over((at) => at('undecorated') / at('bare')),
    undecoratedAgainstGlobalInterceptorThatDoesNothing: over((at) => at('undecorated') / at('passing')),
  };
}

/**
 * @param {Redis} redis
 * @param {import('@nestjs/common').DynamicModule} [module]
 * @param {import('@nestjs/common').Type<import('@nestjs/common').NestInterceptor>} [interceptor] for all routes, undecorated ones too
 */
async function open(redis, module, interceptor) {
  class BenchController {
    plain() {
      return { order: 42, items: ['a', 'b', 'c'] };
    }
    async pinging() {
      await redis.ping();
      return { order: 42, items: ['a', 'b', 'c'] };
    }
    idempotent() {
      return { order: 42, items: ['a', 'b', 'c'] };
    }
  }
  decorate(BenchController, 'plain', [Post('plain')]);
  decorate(BenchController, 'pinging', [Post('pinging')]);
  decorate(BenchController, 'idempotent', [Post('idempotent'), ...(module === undefined ? [] : [Idempotent()])]);
  Controller()(BenchController);
  class BenchModule {}
  Module({
    imports: module === undefined ? [] : [module],
    controllers: [BenchController],
    providers: interceptor === undefined ? [] : [{ provide: APP_INTERCEPTOR, useClass: interceptor }],
  })(BenchModule);
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return { app, port: Number(new URL((await app.getUrl()).replace('[::1]', '127.0.0.1')).port) };
}

/** @param {{ prototype: object }} target @param {string} name @param {MethodDecorator[]} decorators */
function decorate({ prototype }, name, decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  for (const decorator of decorators) decorator(prototype, name, descriptor);
  Object.defineProperty(prototype, name, descriptor);
}

/** The median of one block, in ms. @param {() => Promise<unknown>} run */
async function timed(run) {
  const times = [];
  for (let i = 0; i < block; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** @param {number} port @param {string} path @param {string} [key] @returns {Promise<void>} */
function post(port, path, key) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': 15, ...(key === undefined ? {} : { 'idempotency-key': key }) };
    const sent = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (reply) => {
      if (reply.statusCode !== 201) reject(new Error(`${path} answered ${String(reply.statusCode)}`));
      reply.resume().once('end', resolve);
    });
    sent.once('error', reject);
    sent.end('{"product":"a"}');
  });
}
