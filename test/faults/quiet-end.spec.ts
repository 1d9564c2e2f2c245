import type { ShortLifeOptions } from './children/short-life.js';
import { ChildProgram } from './support/child-program.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';

const owned = ownedByEachTest();

async function run(options: Omit<ShortLifeOptions, 'url'>): Promise<{ redis: OwnRedis; child: ChildProgram }> {
  const redis = owned.add(await OwnRedis.start());
  const child = owned.add(await ChildProgram.start('short-life', { url: redis.url, ...options } satisfies ShortLifeOptions));
  return { redis, child };
}

it('a process ends by itself once its application is closed, and leaves nothing but the fence counter', async () => {
  const { redis, child } = await run({ untidy: false });
  expect(await child.ended(2_000)).toBe(0);

  const observer = await redis.client();
  // What callers left in line lapses within commandTimeout and a second.
  await until('only the fence counter is left', 3_000, async () => (await observer.keys('*')).length <= 1);
  expect(await observer.keys('*')).toEqual(['lock:~1:fence']);
  expect(await observer.pttl('lock:~1:fence')).toBeGreaterThan(24 * 3_600_000);
});

it('so does one that still held a lock and had a caller in line; the lock ends at its lease', async () => {
  const { redis, child } = await run({ untidy: true });
  expect(await child.ended(2_000)).toBe(0);

  const observer = await redis.client();
  expect(await observer.pttl('lock:held')).toBeGreaterThan(0);
  for (const name of await observer.keys('*')) expect(await observer.pttl(name)).toBeGreaterThan(0);
});

it.each(['killed', 'paused'])('so does one whose Redis is %s when it closes', async (way) => {
  const redis = owned.add(await OwnRedis.start());
  const options = { module: { connection: redis.url, shutdownTimeout: 200, commandTimeout: 300 }, resource: redis.url };
  const child = owned.add(await ChildProgram.start('lock-agent', options));
  await child.ask('acquire', 'mine', 'stock', {});
  if (way === 'killed') await redis.kill();
  else redis.pause();

  await child.ask('close');
  child.disconnect();
  expect(await child.ended(5_000)).toBe(0);
});
