import { granted } from './support/grants.suite.js';
import { RedisStage } from './support/redis-stage.js';
import { LIVE_MS } from './support/store-stage.js';

let stage: RedisStage;
beforeEach(async () => (stage = await RedisStage.open()));
afterEach(() => stage.stop());

/** What is left of every key of this stage, in ms. */
async function lifetimes(): Promise<Record<string, number>> {
  const keys = await stage.raw.keys(`${stage.prefix}*`);
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await stage.raw.pttl(key)] as const)));
}

it('a queue whose only process was passed over goes when that one is forgotten', async () => {
  const holder = await stage.connect();
  const token = holder.token();
  await granted(holder, 'stock', token);
  const dead = { key: 'stock', token: `dead-process.${'x'.repeat(22)}`, leaseMs: 1_000, deadlineMs: 1_000, queues: true };
  expect(await stage.arrive(dead)).toBe('queued');
  await holder.store.release({ key: 'stock', token, keepMs: 0 });
  const queue = Object.entries(await lifetimes()).filter(([key]) => key.includes('~1:queue'));
  expect(queue).toHaveLength(1);
  for (const [, ms] of queue) {
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(LIVE_MS);
  }
});
