// @ts-check
import { ADAPTERS } from '../adapters/adapters.mjs';
import { runTrial } from './trial.mjs';

/** @typedef {import('../bench.types.js').Scenario} Scenario */
/** @typedef {import('../bench.types.js').Trial} Trial */
/** @typedef {import('../bench.types.js').Turn} Turn */

/**
 * What rounds are run with.
 * @typedef {object} Run
 * @property {string} url
 * @property {import('ioredis').Redis} observer
 * @property {number} deadline on the performance clock, when no trial may begin any more
 * @property {boolean} allPeers whether all tuned peers take part, or one that tells what polling is like
 * @property {(text: string) => void} say
 */

/** How many rounds a scenario takes at most. @param {Scenario} scenario */
export const roundsOf = ({ rounds }) => Math.max(...Object.values(rounds));

/**
 * Runs one round of a scenario: each adapter once, one after the other, so that the machine's moods hit all alike. The order turns by one each time.
 * @param {Scenario} scenario
 * @param {number} round
 * @param {Run} run
 * @returns {Promise<{ trials: Trial[], leftOut: Turn[] }>}
 */
export async function runRound(scenario, round, { url, observer, deadline, allPeers, say }) {
  const taking = ADAPTERS.filter((adapter) => round < (scenario.rounds[adapter.family] ?? 0) && takesPart(adapter, scenario, allPeers));
  const first = round % Math.max(1, taking.length);
  /** @type {Trial[]} */
  const trials = [];
  /** @type {Turn[]} */
  const leftOut = [];
  for (const adapter of [...taking.slice(first), ...taking.slice(0, first)]) {
    const turn = { scenario: scenario.id, adapter: adapter.id, round };
    if (performance.now() > deadline) {
      leftOut.push(turn);
    } else {
      say(`round ${round + 1}, ${scenario.id}: ${adapter.id}`);
      trials.push({ ...turn, ...(await attempt(scenario, adapter, url, observer)) });
    }
  }
  return { trials, leftOut };
}

/** @param {import('../bench.types.js').Adapter} adapter @param {Scenario} scenario @param {boolean} allPeers */
function takesPart({ id, family, renews }, { work }, allPeers) {
  if (work.role === 'holding' && !renews) return false;
  return allPeers || family !== 'tuned peer' || id === 'redis-semaphore tuned';
}

/** A trial that fails is a result too, and not the end of the others. @param {Scenario} scenario @param {import('../bench.types.js').Adapter} adapter @param {string} url @param {import('ioredis').Redis} observer */
async function attempt(scenario, adapter, url, observer) {
  const alone = adapter.family === 'unlocked' && scenario.work.role === 'load';
  const asked = alone ? { ...scenario, processes: 1, engines: 1, work: { ...scenario.work, callers: 1 } } : scenario;
  try {
    return await runTrial(asked, adapter, url, observer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { figures: { failedTrials: 1 }, errors: { [reason.slice(0, 300)]: 1 } };
  }
}
