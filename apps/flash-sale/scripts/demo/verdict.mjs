/**
 * @typedef {import('./sale.mjs').Sale} Sale
 * @typedef {import('./schedule-watch.mjs').Tick} Tick
 * @typedef {import('./duplicates.mjs').Duplicates} Duplicates
 * @typedef {Record<import('./prices.mjs').ReadStrategy, import('./prices.mjs').PricesResult>} Prices
 * @typedef {import('./transfers.mjs').TransfersResult} Transfers
 * @typedef {import('./checkouts.mjs').CheckoutsResult} Checkouts
 * @typedef {{ sales: Sale[], prices: Prices, transfers: Transfers, checkouts: Checkouts, ticks: Tick[], duplicates: Duplicates }} Demonstration
 */

/**
 * Everything that is not as promised; nothing, where the demonstration succeeded.
 * @param {Demonstration} demonstration
 */
export function faultsOf({ sales, prices, transfers, checkouts, ticks, duplicates }) {
  return [
    ...sales.flatMap(saleFaults),
    ...priceFaults(prices),
    ...transferFaults(transfers),
    ...checkoutFaults(checkouts),
    ...ticks.flatMap(tickFaults),
    ...duplicateFaults(duplicates),
  ];
}

/**
 * The outcome for programs.
 * @param {Demonstration} demonstration
 */
export function outcomeOf({ sales, prices, transfers, checkouts, ticks, duplicates }) {
  return {
    strategies: Object.fromEntries(sales.map(({ strategy, result }) => [strategy, result])),
    prices,
    transfers,
    checkouts,
    schedule: {
      ticks: ticks.length,
      runs: ticks.reduce((sum, { runs }) => sum + runs, 0),
      skips: ticks.reduce((sum, { skips }) => sum + skips, 0),
    },
    duplicates: duplicates.result,
  };
}

/**
 * The outcome for people.
 * @param {Demonstration} demonstration
 */
export function tableOf(demonstration) {
  const head = ['strategy', 'sold', 'stock left', 'expected', 'lost updates', 'time'];
  const rows = demonstration.sales.map(({ strategy, result, ms }) =>
    [strategy, result.succeeded, result.stockLeft, result.expectedStock, result.lostUpdates, `${(ms / 1000).toFixed(1)} s`].map(String),
  );
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  const { prices, transfers, checkouts, schedule, duplicates } = outcomeOf(demonstration);
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `prices: ${prices.none.torn} of ${prices.none.reads} torn without a lock, ${prices.locked.torn} of ${prices.locked.reads} with it`,
    `transfers: ${transfers.transfers} there and back, ${transfers.total} pieces of ${transfers.expectedTotal} there`,
    `checkouts: ${checkouts.sold} of ${checkouts.stock} pieces sold to ${checkouts.buyers} buyers, ${checkouts.declined} cards declined`,
    `schedule: ${schedule.ticks} ticks, ${schedule.runs} runs, ${schedule.skips} skips`,
    `duplicates: ${duplicates.submits} submits, ${duplicates.orders} orders of ${duplicates.expectedOrders}, ${duplicates.replayed} replayed`,
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

/** Without a lock they may be torn, and need not: that is a matter of luck. @param {Prices} prices */
function priceFaults({ locked: { torn, reads } }) {
  return torn === 0 ? [] : [`prices: ${torn} of ${reads} were torn in spite of the lock.`];
}

/** @param {Transfers} transfers */
function transferFaults({ stocks, expectedStocks }) {
  const isExact = stocks.every((stock, i) => stock === expectedStocks[i]);
  return isExact ? [] : [`transfers: ${stocks.join(' and ')} are there where ${expectedStocks.join(' and ')} should be.`];
}

/** @param {Checkouts} checkouts */
function checkoutFaults({ sold, orders, left, stock }) {
  if (sold === stock && orders === stock && left === 0) return [];
  return [`checkouts: ${sold} sold, ${orders} orders and ${left} left of ${stock} pieces.`];
}

/** @param {Tick} tick @param {number} i */
function tickFaults({ runs, failures }, i) {
  const faults = runs === 1 ? [] : [`schedule: the job ran ${runs} times at tick ${i + 1}.`];
  return [...faults, ...failures.map((failure) => `schedule: ${failure}`)];
}

/** @param {Duplicates} duplicates */
function duplicateFaults({ result, submits, taken }) {
  const faults = [];
  const failed = submits.filter(({ failure }) => failure !== undefined);
  if (failed.length > 0) faults.push(`duplicates: ${failed.length} submits were not answered, the first of them got ${failed[0]?.failure}`);
  if (result.orders !== result.expectedOrders) faults.push(`duplicates: ${result.orders} orders where ${result.expectedOrders} should be.`);
  if (taken !== result.expectedOrders) faults.push(`duplicates: ${taken} pieces were taken for ${result.expectedOrders} orders.`);
  // Several keys with one order would be as wrong as several orders for one key.
  const answers = new Set(submits.flatMap(({ key, orderId }) => (orderId === undefined ? [] : [`${key} ${orderId}`])));
  if (answers.size !== result.expectedOrders) faults.push(`duplicates: the answers name ${answers.size} orders.`);
  return faults;
}
