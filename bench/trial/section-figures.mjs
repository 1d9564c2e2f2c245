// @ts-check
import { jain, percentile } from '../figures.mjs';

/** The first part of a run is not yet its steady state. */
const RAMP = 0.2;
/** Far below what passing on takes, far above what the clock is off between two cores. */
const CLOCK_MS = 0.002;

/** @typedef {import('../bench.types.js').LoadResult} LoadResult */
/** @typedef {{ request: number, entry: number, exit: number, caller: number, process: number }} Section */

/**
 * What the sections of all processes, in the order of their entries, say about one trial.
 * @param {readonly LoadResult[]} results one of each process
 * @param {boolean} shared whether all of them are under one lock
 */
export function sectionFigures(results, shared) {
  const sections = inOrder(results);
  const from = Math.max(...results.map(({ start, end }) => start + RAMP * (end - start)));
  const to = Math.min(...results.map(({ end }) => end));
  const steady = sections.filter(({ entry, exit }) => entry >= from && exit <= to);
  const waits = steady.map(({ request, entry }) => entry - request).sort(ascending);
  const attempts = sum(results.map((result) => result.attempts));
  const failures = sum(results.map((result) => sum(Object.values(result.failures))));
  return {
    acquisitions: sections.length,
    opsPerSecond: steady.length / ((to - from) / 1_000),
    waitP50: percentile(waits, 0.5),
    waitP99: percentile(waits, 0.99),
    longestWait: Math.max(longest(sections), ...results.map(({ longestInVain }) => longestInVain)),
    attempts,
    failures,
    unserved: sum(results.map((result) => result.unserved)),
    jainCallers: jain(servedOf(results, steady)),
    jainProcesses: jain(results.map((_, process) => steady.filter((section) => section.process === process).length)),
    ...(shared ? { violations: violations(sections), ...handOffs(steady) } : {}),
  };
}

/** @param {readonly LoadResult[]} results @returns {Section[]} */
function inOrder(results) {
  /** @type {Section[]} */
  const all = [];
  results.forEach(({ sections }, process) => {
    for (let at = 0; at < sections.length; at += 4) {
      const [request = NaN, entry = NaN, exit = NaN, caller = NaN] = sections.subarray(at, at + 4);
      all.push({ request, entry, exit, caller, process });
    }
  });
  return all.sort((one, other) => one.entry - other.entry);
}

/** Sections that began while an earlier one had not ended. @param {readonly Section[]} sections */
function violations(sections) {
  let [count, busyUntil] = [0, -Infinity];
  for (const { entry, exit } of sections) {
    if (entry < busyUntil - CLOCK_MS) count++;
    busyUntil = Math.max(busyUntil, exit);
  }
  return count;
}

/** From one section's end, which is when release is called, to the next one's beginning, where its caller waited already. @param {readonly Section[]} sections */
function handOffs(sections) {
  /** @type {number[]} */
  const between = [];
  /** @type {number[]} */
  const any = [];
  /** @type {Map<number, Section>} */
  const lastOf = new Map();
  let [inverted, compared, sameCaller] = [0, 0, 0];
  sections.forEach((section, i) => {
    const before = sections[i - 1];
    if (before?.process === section.process && before.caller === section.caller) sameCaller++;
    if (before !== undefined && section.request < before.exit) {
      any.push(section.entry - before.exit);
      if (section.process !== before.process) between.push(section.entry - before.exit);
    }
    const mine = lastOf.get(section.process);
    if (mine !== undefined && section.request < mine.entry) {
      compared++;
      if (section.request < mine.request) inverted++;
    }
    lastOf.set(section.process, section);
  });
  [between, any].forEach((list) => list.sort(ascending));
  return {
    handOffP50: percentile(any, 0.5),
    handOffP99: percentile(any, 0.99),
    handOffBetweenP50: percentile(between, 0.5),
    handOffBetweenP99: percentile(between, 0.99),
    changesOfProcess: any.length === 0 ? NaN : between.length / any.length,
    sameCallerAgain: sections.length < 2 ? NaN : sameCaller / (sections.length - 1),
    inverted: compared === 0 ? NaN : inverted / compared,
  };
}

/** How often each caller was served. @param {readonly LoadResult[]} results @param {readonly Section[]} sections */
function servedOf(results, sections) {
  const counts = results.map(({ callers }) => new Array(callers).fill(0));
  for (const { process, caller } of sections) {
    const mine = counts[process];
    if (mine !== undefined) mine[caller]++;
  }
  return counts.flat();
}

/** @param {readonly Section[]} sections */
const longest = (sections) => sections.reduce((most, { request, entry }) => Math.max(most, entry - request), 0);
/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);
/** @param {number} one @param {number} other */
const ascending = (one, other) => one - other;
