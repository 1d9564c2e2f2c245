import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { LUA_BREAKAGES, MEMORY_BREAKAGES, brokenBy } from './support/breakages.js';
import { MemoryModelStage } from './support/memory-model-stage.js';
import { compareWithModel, type ModelReport } from './support/model-run.js';
import { RedisModelStage } from './support/redis-model-stage.js';
import { PROCESSES } from './support/scene.js';
import { START_MS } from './support/times.js';

// Other runs, or those of one seed: MODEL_SEED=… MODEL_RUNS=… npm test -- test/model. A failure says with what else it is repeated as it was shrunk.
const SEED = Number(process.env['MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const SHRUNK = { path: process.env['MODEL_PATH'], replayPath: process.env['MODEL_REPLAY'] };
const RUNS = Number(process.env['MODEL_RUNS'] ?? (SHRUNK.path === undefined ? 300 : 1));
const MOST_UNTIL_FOUND = 2_000;

/** What the runs must have been about, or they show nothing. */
const HAPPENED = [
  ...['granted', 'busy', 'queued', 'mismatch', 'void'].flatMap((what) =>
    ['alone', 'read', 'permit'].map((kind) => `grant ${kind} ${what}`),
  ),
  ...['granted', 'queued', 'void'].flatMap((what) => ['alone', 'read', 'permit'].map((kind) => `heartbeat ${kind} ${what}`)),
  ...['no next', 'granted', 'queued'].flatMap((what) => ['alone', 'read', 'permit'].map((kind) => `release ${kind} done ${what}`)),
  ...['granted', 'busy', 'void'].map((what) => `grant all ${what}`),
  ...['granted', 'read', 'permit', 'forced'].map((what) => `told ${what}`),
  'heartbeat alone own',
];

const owned = ownedByEachTest();

function check({ store, seed, runs, outcomes, faults }: ModelReport): void {
  console.log(`${store}: ${String(runs)} runs from seed ${String(seed)}, ${JSON.stringify(outcomes)}`);
  expect(faults).toEqual([]);
  if (runs >= 200) expect(HAPPENED.filter((name) => (outcomes[name] ?? 0) === 0)).toEqual([]);
}

it('the memory store does what the reference does', async () => {
  check(await compareWithModel(new MemoryModelStage(PROCESSES), { seed: SEED, runs: RUNS, ...SHRUNK }));
}, 600_000);

it('the Redis store does what the reference does', async () => {
  const { url } = owned.add(await OwnRedis.start());
  const stage = owned.add(await RedisModelStage.open(url, PROCESSES, START_MS));
  check(await compareWithModel(stage, { seed: SEED, runs: RUNS, ...SHRUNK }));
}, 600_000);

it.each(Object.entries(MEMORY_BREAKAGES))('the runs find it out in memory: %s', async (_name, breakage) => {
  const { faults } = await compareWithModel(new MemoryModelStage(PROCESSES, breakage), {
    seed: SEED,
    runs: MOST_UNTIL_FOUND,
    shrinks: false,
  });
  expect(faults).toHaveLength(1);
});

it.each(Object.entries(LUA_BREAKAGES))(
  'the runs find it out in the scripts: %s',
  async (_name, breakage) => {
    const { url } = owned.add(await OwnRedis.start());
    const stage = owned.add(await RedisModelStage.open(url, PROCESSES, START_MS, brokenBy(breakage)));
    const { faults } = await compareWithModel(stage, { seed: SEED, runs: MOST_UNTIL_FOUND, shrinks: false });
    expect(faults).toHaveLength(1);
  },
  120_000,
);
