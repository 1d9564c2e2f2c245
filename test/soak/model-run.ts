import type { Owned } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { MemoryModelStage } from '../model/support/memory-model-stage.js';
import { compareWithModel, type ModelReport } from '../model/support/model-run.js';
import { RedisModelStage } from '../model/support/redis-model-stage.js';
import { PROCESSES } from '../model/support/scene.js';
import { START_MS } from '../model/support/times.js';

/** Compares both stores with the reference in that many runs each; a failure can be replayed (see test/model). */
export async function compareStores(owned: Owned, runs: number, seed: number): Promise<Record<'memory' | 'redis', ModelReport>> {
  const memory = await compareWithModel(new MemoryModelStage(PROCESSES), { seed, runs });
  const { url } = owned.add(await OwnRedis.start());
  const stage = owned.add(await RedisModelStage.open(url, PROCESSES, START_MS));
  return { memory, redis: await compareWithModel(stage, { seed, runs }) };
}
