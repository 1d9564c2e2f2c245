// @ts-check
import { setImmediate, setTimeout } from 'node:timers/promises';
import { SectionLog } from './section-log.mjs';
import { sharedNow } from './shared-clock.mjs';

const SHORTEST_WARM_UP_MS = 150;

/** @typedef {import('../bench.types.js').Engine} Engine */

/** Each engine's code and connections have run before anything is measured. @param {readonly Engine[]} engines @param {string} key @param {number} ms */
export async function warmUp(engines, key, ms = SHORTEST_WARM_UP_MS) {
  const until = sharedNow() + ms;
  for (let i = 0; i < engines.length || sharedNow() < until; i++) {
    await engines[i % engines.length]?.withLock(`${key}:warm-up:${process.pid}:${i % engines.length}`, () => undefined);
  }
}

/**
 * Callers in a closed loop: each asks again as soon as it was served or refused, until the time is up.
 * @param {readonly Engine[]} engines
 * @param {string} key
 * @param {import('../bench.types.js').LoadJob} job
 * @returns {Promise<import('../bench.types.js').LoadResult>}
 */
export async function load(engines, key, job) {
  const callers = engines.length * job.callers;
  const log = new SectionLog();
  /** When each caller's present attempt began; 0 = none. */
  const pending = new Float64Array(callers);
  /** @type {Record<string, number>} */
  const failures = {};
  const start = sharedNow();
  const end = start + job.measureMs;
  let [attempts, longestInVain] = [0, 0];

  /** @param {Engine} engine @param {number} caller */
  async function call(engine, caller) {
    const own = job.keys === 'shared' ? key : `${key}:${process.pid}:${caller}`;
    for (;;) {
      const request = sharedNow();
      if (request >= end || log.full) break;
      pending[caller] = request;
      attempts++;
      try {
        await engine.withLock(own, sectionOf(log, request, caller, job.sectionMs));
      } catch (error) {
        const name = error instanceof Error ? error.name : String(error);
        failures[name] = (failures[name] ?? 0) + 1;
        longestInVain = Math.max(longestInVain, sharedNow() - request);
        // A refusal at once must not keep the event loop to itself.
        await setImmediate();
      }
      pending[caller] = 0;
    }
  }

  const all = Promise.all(Array.from({ length: callers }, (_, caller) => call(engineOf(engines, caller), caller)));
  await Promise.race([all, setTimeout(job.measureMs + job.drainMs, undefined, { ref: false })]);
  const now = sharedNow();
  const unserved = pending.filter((since) => since > 0);
  longestInVain = unserved.reduce((longest, since) => Math.max(longest, now - since), longestInVain);
  return { start, end, sections: log.values(), callers, attempts, failures, unserved: unserved.length, longestInVain };
}

/** @param {readonly Engine[]} engines @param {number} caller @returns {Engine} */
function engineOf(engines, caller) {
  const engine = engines[caller % engines.length];
  if (engine === undefined) throw new Error('There is no engine.');
  return engine;
}

/** @param {SectionLog} log @param {number} request @param {number} caller @param {number} ms */
function sectionOf(log, request, caller, ms) {
  if (ms === 0) {
    return () => {
      const entry = sharedNow();
      log.add(request, entry, sharedNow(), caller);
    };
  }
  return async () => {
    const entry = sharedNow();
    await setTimeout(ms);
    log.add(request, entry, sharedNow(), caller);
  };
}
