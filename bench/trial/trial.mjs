// @ts-check
import { randomUUID } from 'node:crypto';
import { Children } from './children.mjs';
import { sectionFigures } from './section-figures.mjs';
import { loadBetween, serverLoad } from './server-load.mjs';

const TTL_MS = 30_000;
const PATIENCE_MS = 120_000;
/** For an event loop that pollers keep busy, and for answers of megabytes. */
const ANSWER_MS = 15_000;

/** @typedef {import('../bench.types.js').Scenario} Scenario */
/** @typedef {import('../bench.types.js').LoadResult} LoadResult */
/** @typedef {import('../bench.types.js').Figures} Figures */

/**
 * One adapter in one scenario, in processes of its own.
 * @param {Scenario} scenario
 * @param {import('../bench.types.js').Adapter} adapter
 * @param {string} url
 * @param {import('ioredis').Redis} observer
 * @returns {Promise<{ figures: Figures, errors: Record<string, number> }>}
 */
export async function runTrial(scenario, adapter, url, observer) {
  const { work } = scenario;
  const limited = work.role === 'abandoned' ? { patience: work.waitMs, wait: work.waitMs } : { patience: PATIENCE_MS };
  const opening = { url, ttl: scenario.ttl ?? TTL_MS, ...limited };
  const assignment = { adapter: adapter.id, opening, key: `bench-${randomUUID()}`, engines: scenario.engines, work };
  const children = await Children.open(scenario.processes, assignment);
  try {
    const before = await serverLoad(observer);
    const results = await children.run(limitOf(work));
    const load = loadBetween(before, await serverLoad(observer), adapter.direct);
    // A worker answers what belongs to its role.
    if (work.role === 'load') return loadTrial(/** @type {LoadResult[]} */ (results), work.keys === 'shared', load);
    const [own = {}] = /** @type {Record<string, number>[]} */ (results);
    return { figures: quietFigures(scenario, own, load), errors: {} };
  } finally {
    await children.end();
  }
}

/** @param {import('../bench.types.js').Work} work */
function limitOf(work) {
  if (work.role === 'memory') return 4 * ANSWER_MS;
  if (work.role === 'abandoned') return ANSWER_MS + work.waitMs;
  return ANSWER_MS + work.measureMs + (work.role === 'load' ? work.drainMs : 0);
}

/** @param {LoadResult[]} results @param {boolean} shared @param {ReturnType<typeof loadBetween>} load */
function loadTrial(results, shared, load) {
  const figures = sectionFigures(results, shared);
  /** @type {Record<string, number>} */
  const errors = {};
  for (const { failures } of results) {
    for (const [name, count] of Object.entries(failures)) errors[name] = (errors[name] ?? 0) + count;
  }
  const each = (/** @type {number} */ count) => count / figures.acquisitions;
  const commands = { sentEach: each(load.sent), publishedEach: each(load.published), insideEach: each(load.inside) };
  return { figures: { ...figures, ...commands, cpuMsPerThousand: 1_000 * each(load.cpuMs) }, errors };
}

/** @param {Scenario} scenario @param {Record<string, unknown>} own @param {ReturnType<typeof loadBetween>} load @returns {Figures} */
function quietFigures({ engines }, own, load) {
  const { bytes, seconds, ...rest } = /** @type {{ bytes?: number[], seconds?: number } & Record<string, number>} */ (own);
  if (seconds === undefined) return rest;
  const calls = { callsPerSecond: load.sent / seconds, serverCpuShare: load.cpuMs / 1_000 / seconds };
  if (bytes === undefined) return { ...rest, ...calls };
  const last = bytes.length - 1;
  return {
    ...rest,
    ...calls,
    callsPerSecondEach: calls.callsPerSecond / (engines - 1),
    redisFirstWaiter: (bytes[1] ?? NaN) - (bytes[0] ?? NaN),
    ...(last > 3 ? { redisLaterWaiter: ((bytes[last] ?? NaN) - (bytes[3] ?? NaN)) / (last - 3) } : {}),
  };
}
