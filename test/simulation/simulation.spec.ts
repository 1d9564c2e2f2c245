import { setImmediate as nextTurn } from 'node:timers/promises';
import { BREAKAGES } from './support/breakages.js';
import { playHistory, type HistoryReport } from './support/history.js';

// Replays one history, or that many from it on: SIM_SEED=… SIM_RUNS=… npm test -- test/simulation. SIM_STORY=1 prints all that happens in them.
const SEED = process.env['SIM_SEED'];
const RUNS = Number(process.env['SIM_RUNS'] ?? (SEED === undefined ? 2_000 : 1));
/** As many of them as fit, where nobody asked for a number: a machine may have others to serve. */
const MOST_MS = SEED === undefined && process.env['SIM_RUNS'] === undefined ? 90_000 : Infinity;
const TELLS = process.env['SIM_STORY'] !== undefined;
const MOST_FAILURES = 3;
const MOST_UNTIL_FOUND = 2_000;
/** Every rejection makes an error, and nobody reads where it comes from. */
const STACK_LINES = 3;

/** What the histories must have been about, or they show nothing. */
const HAPPENED = [
  ...['entered', 'released', 'lost', 'done', 'aborted', 'told', 'LOCK_BUSY', 'LOCK_STORE', 'LOCK_OPTIONS', 'downgraded', 'forcedBeliefs'],
  ...['write', 'read', 'permit', 'several to write', 'several to read'].map((kind) => `entered: ${kind}`),
  ...['write', 'read', 'permit'].map((kind) => `nested: ${kind}`),
  ...['expired', 'forced', 'max-hold', 'shutdown', 'taken'].map((reason) => `lost: ${reason}`),
  ...['granted', 'busy', 'queued', 'handedOver', 'stale', 'cancelled', 'mismatch', 'downgrade'].map((what) => `server: ${what}`),
  ...['granted', 'busy', 'queued', 'handedOver', 'stale'].flatMap((what) => [`server: read ${what}`, `server: permit ${what}`]),
  ...['all granted', 'not all granted'].map((what) => `server: ${what}`),
];

const { stackTraceLimit } = Error;
beforeAll(() => (Error.stackTraceLimit = STACK_LINES));
afterAll(() => (Error.stackTraceLimit = stackTraceLimit));

it('whatever network, clocks and machines do, the promises hold', async () => {
  const first = SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED);
  const totals: Record<string, number> = {};
  const failures: string[] = [];
  let events = 0;
  let latest = 0;
  let runs = 0;
  const since = performance.now();
  for (let seed = first; runs < RUNS && failures.length < MOST_FAILURES && performance.now() - since < MOST_MS; seed++, runs++) {
    const report = await playHistory(seed, { traced: TELLS });
    if (TELLS) console.log(report.story);
    if (report.faults.length > 0) failures.push(failureOf(report));
    for (const [name, n] of Object.entries(report.outcomes)) totals[name] = (totals[name] ?? 0) + n;
    events += report.events;
    latest = Math.max(latest, report.latest);
    // A rejection that nobody sees is told between two turns.
    await nextTurn();
  }
  const seconds = (performance.now() - since) / 1_000;
  console.log(
    `${String(runs)} histories from seed ${String(first)} with ${String(events)} events in ${seconds.toFixed(1)} s; ` +
      `the latest answer came ${latest.toFixed(0)} ms after its promise; ${JSON.stringify(totals)}`,
  );

  expect(failures).toEqual([]);
  if (runs >= 500) expect(HAPPENED.filter((name) => (totals[name] ?? 0) === 0)).toEqual([]);
}, 600_000);

it('a history is the same each time it is played', async () => {
  const stories: string[] = [];
  for (let time = 0; time < 2; time++) {
    const { story } = await playHistory(4_711, { traced: true });
    // The names of processes and tokens are random, and play no part.
    const unnamed = story.replace(/"(owner|waiting|token)":("[^"]*"|\[[^\]]*\])/g, '"$1":…');
    stories.push(unnamed.replace(/\b(grant|cancel|leave|release|heartbeat|confirm) (\w)( [\w/-]{4}(?![\w/-]))+/g, '$1 $2'));
  }
  expect(stories[0]?.length).toBeGreaterThan(1_000);
  expect(stories[1]).toBe(stories[0]);
});

it.each(Object.keys(BREAKAGES))(
  'the histories find it out: %s',
  async (name) => {
    const first = Math.floor(Math.random() * 2 ** 31);
    for (let seed = first; seed < first + MOST_UNTIL_FOUND; seed++) {
      const { faults } = await playHistory(seed, { breakage: BREAKAGES[name] });
      if (faults.length > 0) return;
      await nextTurn();
    }
    throw new Error(`Nothing found in ${String(MOST_UNTIL_FOUND)} histories from seed ${String(first)}.`);
  },
  120_000,
);

function failureOf({ seed, faults }: HistoryReport): string {
  return `SIM_SEED=${String(seed)}: ${faults.slice(0, 5).join('; ')}`;
}
