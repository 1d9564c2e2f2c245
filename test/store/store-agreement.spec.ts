import { randomFrom } from '../faults/support/random.js';
import { MemoryStage } from './support/memory-stage.js';
import { RedisStage } from './support/redis-stage.js';
import { StoreHistory, randomSteps } from './support/store-history.js';
import { LIVE_MS } from './support/store-stage.js';

// More of them: STORE_SEED=1000 STORE_HISTORIES=2000 npm test -- test/store/store-agreement
const SEED = Number(process.env['STORE_SEED'] ?? '1');
const HISTORIES = Number(process.env['STORE_HISTORIES'] ?? '100');
const STEPS = 30;
const AT_ONCE = 5;

/** Plays one history on Redis; undefined where that took so long that processes in line may have been forgotten meanwhile. */
async function playOnRedis(seed: number): Promise<unknown[] | undefined> {
  const stage = await RedisStage.open();
  try {
    const from = await stage.now();
    const answers = await StoreHistory.play(stage, randomSteps(randomFrom(seed), STEPS), async () => undefined);
    return (await stage.now()) - from < 0.7 * LIVE_MS * 1_000 ? answers : undefined;
  } finally {
    await stage.stop();
  }
}

function playInMemory(seed: number): Promise<unknown[]> {
  const stage = new MemoryStage();
  return StoreHistory.play(stage, randomSteps(randomFrom(seed), STEPS), () => stage.pass(1));
}

it(
  'Redis and memory give the same answers to the same commands, whatever these are',
  async () => {
    let compared = 0;
    for (let from = SEED; from < SEED + HISTORIES; from += AT_ONCE) {
      const seeds = Array.from({ length: AT_ONCE }, (_, i) => from + i);
      const played = seeds.map(async (seed) => ({ seed, redis: await playOnRedis(seed), memory: await playInMemory(seed) }));
      for (const { seed, redis, memory } of await Promise.all(played)) {
        if (redis === undefined) continue;
        compared++;
        for (const [at, answer] of memory.entries()) expect({ seed, at, answer: redis[at] }).toEqual({ seed, at, answer });
        expect(redis).toHaveLength(memory.length);
      }
    }
    expect(compared).toBeGreaterThan(HISTORIES / 2);
  },
  60_000 + HISTORIES * 500,
);
