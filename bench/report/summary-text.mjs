// @ts-check
import { Aggregate } from './aggregate.mjs';
import { scenarioTable } from './scenario-tables.mjs';
import { wantedTable } from './wanted.mjs';

/** What a terminal shows at the end of a run. @param {import('../bench.types.js').Results} results */
export function summaryText(results) {
  const all = new Aggregate(results);
  const measured = results.scenarios.filter(({ id }) => all.adapters(id).length > 0);
  const parts = measured.map((scenario) => [scenario.title, scenarioTable(all, scenario), ...troubles(all, scenario.id)].join('\n'));
  const missing = leftOutLines(results);
  const short = missing.length === 0 ? [] : [['The time did not suffice for', ...missing].join('\n')];
  return [...parts.map(aligned), aligned(wantedTable(all)), ...short, `Measured in ${results.seconds} s.`].join('\n\n');
}

/** What the time did not suffice for, a line for each scenario. @param {import('../bench.types.js').Results} results */
export function leftOutLines({ scenarios, leftOut }) {
  return scenarios.flatMap(({ id }) => {
    const turns = leftOut.filter(({ scenario }) => scenario === id);
    return turns.length === 0 ? [] : [`${id}: ${turns.map(({ adapter, round }) => `${adapter} (round ${round + 1})`).join(', ')}`];
  });
}

/** What went wrong, by the names of the errors. @param {Aggregate} all @param {string} scenario */
export function troubles(all, scenario) {
  return all.adapters(scenario).flatMap(({ id: adapter }) => {
    const errors = Object.entries(all.errors(scenario, adapter));
    return errors.length === 0 ? [] : [`${adapter}: ${errors.map(([name, count]) => `${count} x ${name}`).join(', ')}`];
  });
}

/** Pads the cells of a Markdown table. @param {string} text */
function aligned(text) {
  const rows = text.split('\n').map((line) => (line.startsWith('| ') ? line.slice(2, -2).split(' | ') : [line]));
  const widths = rows
    .filter((row) => row.length > 1)
    .reduce((/** @type {number[]} */ most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return rows
    .filter(([first = '']) => !first.startsWith('---'))
    .map((row) =>
      row.length === 1
        ? row[0]
        : row
            .map((cell, i) => cell.padEnd(widths[i] ?? 0))
            .join('  ')
            .trimEnd(),
    )
    .join('\n');
}
