import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Owned } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { FRAMEWORKS } from '../idempotency/support/http-stage.js';
import { disconnectClients } from '../idempotency/crashes/support/disconnects.js';
import { crashProcesses } from '../idempotency/crashes/support/process-crashes.js';
import { crashRecords } from '../idempotency/crashes/support/record-crashes.js';
import { runKinds } from './kinds-run.js';
import { compareStores } from './model-run.js';
import { playHistories } from './simulation-run.js';
import { askWhileStoreIsDown, TROUBLES } from '../idempotency/crashes/support/store-down.js';

/** Of the simulation the histories are counted; of `model` the runs, for each store; `kinds` goes on for that many seconds; of `records` keys and signals are for each mode; of the others the number is shared out. */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'simulation,model,kinds,records,processes,disconnects,store-down' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    histories: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '600' },
    keys: { type: 'string', default: '10000' },
    duplicates: { type: 'string', default: '20' },
    signals: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '30' },
    disconnects: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '10000' },
  },
});
const seed = size('seed');

type Size = Exclude<keyof typeof values, 'only'>;

function size(name: Size): number {
  const n = Number(values[name]);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--${name}: write a whole number above 0.`);
  return n;
}

const runs: Readonly<Record<string, (owned: Owned) => Promise<Record<string, { readonly faults: readonly string[] }>>>> = {
  simulation: async () => ({ histories: await playHistories(seed, size('histories')) }),
  model: (owned) => compareStores(owned, size('runs'), seed),
  kinds: async (owned) => ({ chaos: await runKinds(owned, { seconds: size('seconds'), seed }) }),
  records: async (owned) => {
    const sizes = { keys: size('keys'), duplicates: size('duplicates'), signals: size('signals'), seed };
    return {
      retry: await crashRecords(owned, { ...sizes, onLeaseExpired: 'retry' }),
      block: await crashRecords(owned, { ...sizes, onLeaseExpired: 'block' }),
    };
  },
  processes: async (owned) => ({ both: await crashProcesses(owned, { kills: size('kills'), seed }) }),
  disconnects: async (owned) => {
    const { url } = owned.add(await OwnRedis.start());
    const requests = Math.ceil(size('disconnects') / FRAMEWORKS.length);
    const reports: Record<string, { readonly faults: readonly string[] }> = {};
    for (const framework of FRAMEWORKS) reports[framework] = await disconnectClients({ url, framework, requests, seed });
    return reports;
  },
  'store-down': async (owned) => {
    const requests = Math.ceil(size('requests') / TROUBLES.length);
    const reports: Record<string, { readonly faults: readonly string[] }> = {};
    for (const trouble of TROUBLES) {
      const report = await askWhileStoreIsDown(owned, trouble, requests);
      const faults = report.late > 0 ? [...report.faults, `${String(report.late)} handlers started late`] : report.faults;
      reports[trouble] = { ...report, faults };
    }
    return reports;
  },
};

let faults = 0;
console.log(`Seed ${String(seed)}`);
for (const name of values.only.split(',')) {
  const run = runs[name];
  if (run === undefined) throw new Error(`--only: there is no ${name}; there are ${Object.keys(runs).join(', ')}.`);
  const owned = new Owned();
  const since = performance.now();
  try {
    for (const [part, report] of Object.entries(await run(owned))) {
      faults += report.faults.length;
      console.log(`${name} ${part}: ${JSON.stringify({ ...report, faults: report.faults.slice(0, 20) })}`);
    }
  } finally {
    await owned.end();
  }
  console.log(`${name} took ${String(Math.round((performance.now() - since) / 1_000))} s`);
}
console.log(`Faults: ${String(faults)}`);
process.exitCode = faults > 0 ? 1 : 0;
