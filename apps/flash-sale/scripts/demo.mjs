// `npm run demo`: sells one product after another to many buyers at once, over HTTP and through three processes, with and without locks.
// Then reads prices while they are set, moves stock to and fro, and checks out with cards of which some are declined; at last submits every one of
// some orders many times over, and kills one process on the way.
// Exits with 0 if every strategy but `none` was exact, `none` lost updates, no reader with a lock saw a torn price, no piece was lost in a transfer,
// the checkouts sold what was there, the scheduled job ran once per tick, and every order was made once.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findRedisServer, startRedisServer } from '../../../tools/redis-server.mjs';
import { AppProcess } from './app-process.mjs';
import { checkOut } from './demo/checkouts.mjs';
import { submitDuplicates } from './demo/duplicates.mjs';
import { readWhileWriting } from './demo/prices.mjs';
import { Progress } from './demo/progress.mjs';
import { sell } from './demo/sale.mjs';
import { ScheduleWatch } from './demo/schedule-watch.mjs';
import { ShopClient } from './demo/shop-client.mjs';
import { transferBothWays } from './demo/transfers.mjs';
import { faultsOf, outcomeOf, tableOf } from './demo/verdict.mjs';
import { onStopRequested } from './stop-signals.mjs';

const STOCK = 200;
const BUYERS = 600;
const INSTANCES = 3;
const STRATEGIES = /** @type {const} */ (['none', 'locked', 'retry', 'fenced']);
const PRICES = { writes: 30, readers: 12 };
const TRANSFERS = 120;
const CHECKOUTS = { stock: 20, buyers: 60 };
const TICK_SECONDS = 5;
const LEAST_TICKS = 4;
const ORDERS = 20;
const SUBMITS_EACH = 10;
/** Short, so that nobody waits long for the orders that the killed process was at. */
const IDEMPOTENCY_LEASE_MS = 2_000;
/** As a shell reports it of a program that Ctrl-C ended. */
const STOPPED = 130;
/** Lines of an instance's output that are kept, to show where it ends unexpectedly. */
const KEPT_LINES = 20;

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const progress = new Progress(options.json ? process.stderr : process.stdout);
/** Aborts when the demonstration cannot go on. */
const breakOff = new AbortController();
let isStopping = false;
onStopRequested(() => {
  isStopping = true;
  breakOff.abort();
});

/** @type {Set<AppProcess>} instances that were killed on purpose */
const killed = new Set();
/** @type {Array<() => unknown>} what to end, the last one first */
const ending = [];
try {
  const demonstration = await Promise.race([demonstrate(), rejection(breakOff.signal)]);
  const faults = faultsOf(demonstration);
  console.log(options.json ? JSON.stringify(outcomeOf(demonstration)) : `\n${tableOf(demonstration)}`);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  process.exitCode = isStopping ? STOPPED : 1;
  if (!isStopping) console.error(reasonOf(error));
} finally {
  for (const end of ending.reverse()) await end();
}
// Buyers of a demonstration that was broken off may still be trying.
process.exit();

async function demonstrate() {
  const env = { ...process.env, ...(await stores()) };
  const watch = new ScheduleWatch({
    everyMs: TICK_SECONDS * 1000,
    instances: INSTANCES,
    onTick: (at, { runs, skips }) => progress.line(`  tick ${at.toISOString()}: ran ${runs} times, skipped ${skips} times`),
  });
  progress.line(`Starting ${INSTANCES} instances…`);
  const apps = await startInstances(env, watch);
  watch.begin();
  const client = new ShopClient();
  ending.push(() => client.close());
  const at = { urls: apps.map(({ url }) => url), client };

  const sales = [];
  for (const strategy of STRATEGIES) {
    progress.line(`${strategy}: ${STOCK} pieces, ${BUYERS} buyers…`);
    const sale = await sell({
      strategy,
      stock: STOCK,
      buyers: BUYERS,
      ...at,
      onProgress: (sold, done) => progress.current(`  sold ${sold}, ${done} of ${BUYERS} buyers served`),
    });
    progress.line(`  sold ${sale.result.succeeded}, ${sale.result.stockLeft} left`);
    sales.push(sale);
  }
  progress.line(`prices: ${PRICES.writes} set while ${PRICES.readers} readers look, without a lock and with it…`);
  const prices = {
    none: await readWhileWriting({ strategy: 'none', ...PRICES, ...at }),
    locked: await readWhileWriting({ strategy: 'locked', ...PRICES, ...at }),
  };
  progress.line(`  torn: ${prices.none.torn} without, ${prices.locked.torn} with it`);

  progress.line(`transfers: ${TRANSFERS} between two products, there and back at once…`);
  const transfers = await transferBothWays({ transfers: TRANSFERS, ...at });
  progress.line(`  ${transfers.total} pieces are there of ${transfers.expectedTotal}`);

  progress.line(`checkouts: ${CHECKOUTS.stock} pieces, ${CHECKOUTS.buyers} buyers, every third without money…`);
  const checkouts = await checkOut({ ...CHECKOUTS, ...at });
  progress.line(`  sold ${checkouts.sold}, ${checkouts.left} left`);

  progress.line(`schedule: waiting for ${LEAST_TICKS} ticks…`);
  const ticks = await watch.ticks(LEAST_TICKS, breakOff.signal);

  const submits = ORDERS * SUBMITS_EACH;
  progress.line(`duplicates: ${ORDERS} orders, each submitted ${SUBMITS_EACH} times…`);
  const duplicates = await submitDuplicates({
    orders: ORDERS,
    submitsEach: SUBMITS_EACH,
    ...at,
    kill: () => {
      const victim = apps.at(-1);
      if (victim === undefined) return;
      killed.add(victim);
      victim.child.kill('SIGKILL');
      progress.line(`  killed the instance ${victim.pid}`);
    },
    onProgress: (answered) => progress.current(`  ${answered} of ${submits} submits answered`),
  });
  progress.line(`  ${duplicates.result.orders} orders, ${duplicates.result.replayed} replies replayed`);
  return { sales, prices, transfers, checkouts, ticks, duplicates };
}

/** Redis and a database for this run only, but for what the environment names. */
async function stores() {
  const folder = mkdtempSync(join(tmpdir(), 'flash-sale-'));
  ending.push(() => rmSync(folder, { recursive: true, force: true }));
  let url = process.env['REDIS_URL'] ?? '';
  if (url === '') {
    const redis = await startRedisServer({ program: await findRedisServer({ install: true }) });
    ending.push(() => redis.stop());
    progress.line(`Redis on port ${redis.port}`);
    url = redis.url;
  }
  return { REDIS_URL: url, LOCK_KEY_PREFIX: `demo-${randomUUID()}:`, DATABASE_FILE: join(folder, 'demo.sqlite') };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {ScheduleWatch} watch
 */
async function startInstances(env, watch) {
  const apps = Array.from({ length: INSTANCES }, () => {
    /** @type {string[]} */
    let output = [];
    const app = new AppProcess({
      env: {
        ...env,
        PORT: '0',
        HOST: '127.0.0.1',
        LOG_FORMAT: 'json',
        STATS_CRON: `*/${TICK_SECONDS} * * * * *`,
        IDEMPOTENCY_LEASE_MS: String(IDEMPOTENCY_LEASE_MS),
      },
      onLine: (line) => {
        output = [...output.slice(1 - KEPT_LINES), line];
        watch.read(line);
      },
    });
    void app.exited.then((code) => {
      if (!killed.has(app)) breakOff.abort(new Error([`An instance ended with ${code}:`, ...output].join('\n')));
    });
    ending.push(() => app.stop());
    return app;
  });
  return Promise.all(apps.map((app) => app.ready()));
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function rejection(signal) {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

/** @param {unknown} error @returns {string} with what is behind it */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}
