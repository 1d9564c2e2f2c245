/**
 * @typedef {import('./sale.mjs').Sale} Sale
 * @typedef {import('./schedule-watch.mjs').Tick} Tick
 */

/**
 * Everything that is not as promised; nothing, where the demonstration succeeded.
 * @param {Sale[]} sales
 * @param {Tick[]} ticks
 */
export function faultsOf(sales, ticks) {
  return [...sales.flatMap(saleFaults), ...ticks.flatMap(tickFaults)];
}

/**
 * The outcome for programs.
 * @param {Sale[]} sales
 * @param {Tick[]} ticks
 */
export function outcomeOf(sales, ticks) {
  return {
    strategies: Object.fromEntries(sales.map(({ strategy, result }) => [strategy, result])),
    schedule: {
      ticks: ticks.length,
      runs: ticks.reduce((sum, { runs }) => sum + runs, 0),
      skips: ticks.reduce((sum, { skips }) => sum + skips, 0),
    },
  };
}

/**
 * The outcome for people.
 * @param {Sale[]} sales
 * @param {Tick[]} ticks
 */
export function tableOf(sales, ticks) {
  const head = ['strategy', 'sold', 'stock left', 'expected', 'lost updates', 'time'];
  const rows = sales.map(({ strategy, result, ms }) =>
    [strategy, result.succeeded, result.stockLeft, result.expectedStock, result.lostUpdates, `${(ms / 1000).toFixed(1)} s`].map(String),
  );
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  const { schedule } = outcomeOf(sales, ticks);
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `schedule: ${schedule.ticks} ticks, ${schedule.runs} runs, ${schedule.skips} skips`,
  ].join('\n');
}

/** @param {Sale} sale */
function saleFaults({ strategy, result, purchases }) {
  const failed = purchases.filter(({ end }) => end === 'failed');
  const faults = failed.length === 0 ? [] : [`${strategy}: ${failed.length} buyers got an error, the first of them ${failed[0]?.answer}`];
  if (strategy === 'none') {
    if (result.lostUpdates <= 0) faults.push('none: no update was lost, so this run proves nothing about the others.');
  } else if (result.lostUpdates !== 0) {
    faults.push(`${strategy}: ${result.stockLeft} left where ${result.expectedStock} should be.`);
  }
  return faults;
}

/** @param {Tick} tick @param {number} i */
function tickFaults({ runs, failures }, i) {
  const faults = runs === 1 ? [] : [`schedule: the job ran ${runs} times at tick ${i + 1}.`];
  return [...faults, ...failures.map((failure) => `schedule: ${failure}`)];
}
