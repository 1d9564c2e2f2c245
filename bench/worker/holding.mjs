// @ts-check
import { setTimeout } from 'node:timers/promises';

const IN_FLIGHT = 64;

/** @typedef {import('../bench.types.js').Engine} Engine */

/** @param {Engine} engine @param {string} key @param {number} count */
export async function holdMany(engine, key, count) {
  /** @type {import('../bench.types.js').Held[]} */
  const held = [];
  let next = 0;
  const hold = async () => {
    for (let at = next++; at < count; at = next++) held.push(await engine.hold(`${key}:${at}`));
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, hold));
  return held;
}

/** What the renewal of held locks costs this process while it does nothing else. @param {number} measureMs */
export async function costOfHolding(measureMs) {
  const [cpu, loop, start] = [process.cpuUsage(), performance.eventLoopUtilization(), performance.now()];
  await setTimeout(measureMs);
  const [used, busy, ms] = [process.cpuUsage(cpu), performance.eventLoopUtilization(loop), performance.now() - start];
  return { seconds: ms / 1_000, cpuShare: (used.user + used.system) / 1_000 / ms, loopShare: busy.utilization };
}
