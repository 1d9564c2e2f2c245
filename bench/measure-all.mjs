// @ts-check
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { benchServer } from './bench-server.mjs';
import { scenariosOf } from './scenarios/scenarios.mjs';
import { roundsOf, runRound } from './trial/rounds.mjs';

const LEAST_MS = 30_000;

const PACKAGES = [
  'nestjs-redis-lock',
  'ioredis',
  'redis',
  'redis-semaphore',
  'redlock',
  '@sesamecare-oss/redlock',
  'redlock-universal',
  '@nestjs-redis/lock',
  '@redis-kit/lock',
  '@nestjs/core',
];

/**
 * @param {{ size: import('./scenarios/scenarios.mjs').Size, only?: string[] | undefined, rounds?: number | undefined, minutes: number, say: (text: string) => void }} options
 * @returns {Promise<import('./bench.types.js').Results>}
 */
export async function measureAll({ size, only, rounds, minutes, say }) {
  const all = scenariosOf(size);
  const unknown = only?.find((id) => !all.some((scenario) => scenario.id === id));
  if (unknown !== undefined) throw new Error(`There is no scenario ${unknown}. There are: ${all.map(({ id }) => id).join(', ')}`);
  const scenarios = all.filter(({ id }) => only?.includes(id) ?? true);
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1_000;
  // Counted from when the command was typed; a slow build of the package may take it beyond that.
  const deadline = Math.max(minutes * 60_000, start + LEAST_MS);
  const server = await benchServer();
  const observer = new Redis(server.url);
  try {
    /** @type {import('./bench.types.js').Trial[]} */
    const trials = [];
    /** @type {import('./bench.types.js').Turn[]} */
    const leftOut = [];
    const run = {
      url: server.url,
      observer,
      deadline,
      allPeers: size === 'full',
      say: (/** @type {string} */ text) => say(`${seconds().toFixed(0).padStart(5)} s  ${text}`),
    };
    // The first round of all of them comes before the second of any: where the time runs out, nothing is without a figure.
    for (let round = 0; round < Math.min(rounds ?? Infinity, Math.max(...scenarios.map(roundsOf))); round++) {
      for (const scenario of scenarios) {
        const found = await runRound(scenario, round, run);
        trials.push(...found.trials);
        leftOut.push(...found.leftOut);
      }
    }
    const redis = /redis_version:(\S+)/.exec(await observer.info('server'))?.[1] ?? 'unknown';
    return {
      date: new Date().toISOString(),
      quick: size !== 'full',
      seconds: Math.round(seconds()),
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) },
      versions: {
        Node: process.versions.node,
        'Redis server': redis,
        ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
      },
      scenarios,
      trials,
      leftOut,
    };
  } finally {
    observer.disconnect();
    await server.stop();
  }
}

/** A package need not export its package.json: it is looked for where modules are. @param {string} name */
function versionOf(name) {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      return String(JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')).version).replace(/^v/, '');
    } catch {
      // not here
    }
  }
  return 'unknown';
}
