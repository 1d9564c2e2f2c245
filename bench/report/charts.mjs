// @ts-check
import { ADAPTERS } from '../adapters/adapters.mjs';
import { barChart, colourOf, lineChart } from './svg.mjs';

const SIZES = [10, 100, 1_000, 10_000];
const PEER_COLOURS = ['#b9884a', '#a8553a', '#8e6fb5', '#c2649a', '#7a7a3a'];

/** @typedef {import('./aggregate.mjs').Aggregate} Aggregate */
/** @typedef {{ file: string, title: string, content: string, scenario: string }} Chart */

/** Pictures of what the tables say, each beside the first scenario that it shows. @param {Aggregate} all @returns {Chart[]} */
export function charts(all) {
  /** @param {string} file @param {string} scenario @param {string} figure @param {string} title @param {{ unit: string, log?: boolean }} options @returns {Chart} */
  const bars = (file, scenario, figure, title, options) => {
    const list = all
      .adapters(scenario)
      .map(({ id, family }) => ({ label: id, value: all.of(scenario, id, figure), colour: colourOf(family) }));
    return { file, title, scenario, content: barChart(title, list, options) };
  };
  /** @param {string} file @param {string} title @param {string} y @param {(scenario: string, adapter: string) => number} value @returns {Chart} */
  const lines = (file, title, y, value) => ({
    file,
    title,
    scenario: 'waiters-10',
    content: lineChart(title, curves(all, value), { x: 'callers that wait in one process', y }),
  });
  return [
    bars('sequential', 'sequential', 'opsPerSecond', 'Uncontended, one caller', { unit: 'acquisitions/s' }),
    bars('in-flight-64', 'in-flight-64', 'opsPerSecond', 'Uncontended, 64 in flight', { unit: 'acquisitions/s' }),
    lines('rate', 'Rate by the number of callers', 'acquisitions/s', (scenario, adapter) => all.of(scenario, adapter, 'opsPerSecond')),
    lines(
      'commands',
      'Commands by the number of callers',
      'sent and published per acquisition',
      (scenario, adapter) => all.of(scenario, adapter, 'sentEach') + all.of(scenario, adapter, 'publishedEach'),
    ),
    bars('processes', 'processes', 'opsPerSecond', '4 processes with 25 callers, 1 ms sections', { unit: 'acquisitions/s' }),
    bars('hand-off', 'hand-off', 'handOffBetweenP50', 'Hand-off between processes, median', { unit: 'ms', log: true }),
    bars('memory', 'memory', 'heapPerLock', 'Heap per held lock', { unit: 'bytes' }),
  ];
}

/** Those with defaults give up by design: the tuned ones tell what polling costs. @param {Aggregate} all @param {(scenario: string, adapter: string) => number} value */
function curves(all, value) {
  const shown = ADAPTERS.filter(({ family }) => ['ours', 'cohort 0', 'reference', 'tuned peer'].includes(family));
  let peers = 0;
  return shown.map(({ id: label, family }) => {
    const dashed = family === 'tuned peer';
    const colour = (dashed ? PEER_COLOURS[peers++] : undefined) ?? colourOf(family);
    const sizes = SIZES.filter((size) => all.rounds(`waiters-${size}`, label) > 0);
    return { label, colour, dashed, points: sizes.map((size) => /** @type {const} */ ([size, value(`waiters-${size}`, label)])) };
  });
}
