// @ts-check
/**
 * One caller, one free lock at a time: acquire + release through LockService against the floor (bare ioredis: SET NX PX, then a
 * compare-and-delete script) and against bare EVALSHAs of the very scripts that LockService runs. Blocks of each are interleaved in
 * one process, so that the machine's moods hit all alike; what counts is the median of the paired ratios.
 *
 *   node bench/uncontended.mjs [--pairs 21] [--block 1500]          REDIS_URL names the server; without it one is started
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { fileURLToPath } from 'node:url';
import { LockService, RedisLockModule } from 'nestjs-redis-lock';
import { compileOperation } from '../libs/redis-lock/scripts/lua-compiler.mjs';
import { CHANNEL_PREFIX, FOREVER_MICROS, TERMS } from './adapters/bare-scripts.mjs';
import { benchServer } from './bench-server.mjs';
import { median, numberArgument } from './figures.mjs';
import { commandCalls, cpuSeconds } from './server-figures.mjs';

const pairs = numberArgument('--pairs', 21);
const block = numberArgument('--block', 1500);
const LUA = fileURLToPath(new URL('../libs/redis-lock/src/lua/', import.meta.url));
const COMPARE_AND_DELETE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

const server = await benchServer();
try {
  const report = await measure(server.url);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await server.stop();
}

/** @param {string} url */
async function measure(url) {
  class BenchModule {}
  Module({ imports: [RedisLockModule.forRoot({ connection: url })] })(BenchModule);
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  const locks = app.get(LockService);
  const bare = new Redis(url);
  const observer = new Redis(url);
  const subjects = {
    locks: async () => {
      for (let i = 0; i < block; i++) {
        const lock = await locks.acquire('bench:uncontended');
        await lock.release();
      }
    },
    floor: await floor(bare),
    scripts: await bareScripts(bare),
  };
  /** @type {Record<string, { rate: number, cpu: number, evalsha: number }[]>} */
  const rounds = { locks: [], floor: [], scripts: [] };
  for (const run of Object.values(subjects)) await run();
  for (let round = 0; round < pairs; round++) {
    // The order turns, so that nobody always follows the same neighbour.
    const names = rotate(Object.keys(subjects), round);
    for (const name of names) rounds[name]?.push(await timed(subjects[/** @type {keyof typeof subjects} */ (name)], observer));
  }
  await app.close();
  bare.disconnect();
  observer.disconnect();
  return summarise(rounds);
}

/** @param {() => Promise<void>} run @param {Redis} observer */
async function timed(run, observer) {
  const [cpuBefore, callsBefore] = [await cpuSeconds(observer), await commandCalls(observer, 'evalsha')];
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  const [cpuAfter, callsAfter] = [await cpuSeconds(observer), await commandCalls(observer, 'evalsha')];
  return { rate: block / seconds, cpu: cpuAfter - cpuBefore, evalsha: callsAfter - callsBefore };
}

/** @param {Redis} client */
async function floor(client) {
  const sha = String(await client.script('LOAD', COMPARE_AND_DELETE));
  return async () => {
    for (let i = 0; i < block; i++) {
      const token = `floor-${String(i)}-012345678901234567`;
      await client.set('bench:floor', token, 'PX', 30_000, 'NX');
      await client.evalsha(sha, 1, 'bench:floor', token);
    }
  };
}

/** @param {Redis} client */
async function bareScripts(client) {
  const [grant, release] = await Promise.all(
    ['grant', 'release'].map((name) => client.script('LOAD', compileOperation(LUA, name).source).then(String)),
  );
  const [key, queue, fence] = ['lock:bench:scripts', 'lock:~1:queue:{lock:bench:scripts}', 'lock:~1:fence'];
  return async () => {
    for (let i = 0; i < block; i++) {
      const token = `scripts-${String(i)}-0123456789012345`;
      await client.evalsha(String(grant), 3, key, queue, fence, token, 30_000, FOREVER_MICROS, 1, TERMS, CHANNEL_PREFIX);
      await client.evalsha(String(release), 3, key, queue, fence, token, 0, CHANNEL_PREFIX);
    }
  };
}

/** @param {Record<string, { rate: number, cpu: number, evalsha: number }[]>} rounds */
function summarise({ locks = [], floor: floors = [], scripts = [] }) {
  const over = (/** @type {typeof locks} */ others, /** @type {'rate' | 'cpu'} */ figure) =>
    Number(median(locks.map((mine, i) => mine[figure] / (others[i]?.[figure] ?? NaN))).toFixed(3));
  return {
    pairs,
    block,
    ratePerSecond: { locks: rate(locks), floor: rate(floors), scripts: rate(scripts) },
    rateAgainstFloor: over(floors, 'rate'),
    rateAgainstBareScripts: over(scripts, 'rate'),
    redisCpuAgainstFloor: over(floors, 'cpu'),
    redisCpuAgainstBareScripts: over(scripts, 'cpu'),
    commandsPerSection: median(locks.map(({ evalsha }) => evalsha / block)),
  };
}

/** @param {{ rate: number }[]} rounds */
function rate(rounds) {
  return Math.round(median(rounds.map((round) => round.rate)));
}

/** @template T @param {T[]} list @param {number} by */
function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
