import type { Redis } from 'ioredis';
import type { Load, LoadReport } from './children/contend.js';
import type { AgentOptions } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { channels, keysLeft } from './support/lines.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled, until } from './support/until.js';

const COMMAND_TIMEOUT = 300;
/** A process counts as alive for a second and commandTimeout; what it left for a late command goes after twice that. */
const LINE_LAPSES_MS = 1_000 + COMMAND_TIMEOUT + 2 * COMMAND_TIMEOUT;
const MARGIN_MS = 500;
const CARD_MS = 60_000;
const PROCESSES = 3;
const KEYS = Array.from({ length: 20 }, (_, i) => `stock-${String(i)}`);
const owned = ownedByEachTest();

/** Connections by what they are for; the observer's are left out. */
async function connections(observer: Redis, type: 'normal' | 'pubsub'): Promise<number> {
  const list = String(await observer.call('CLIENT', 'LIST', 'TYPE', type));
  return list.split('\n').filter((line) => line !== '' && !line.includes(' name=observer ')).length;
}

it('however many locks a process contends for, it has one subscription and two connections, and leaves nothing', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const guarded = owned.add(await OwnRedis.start());
  const options: AgentOptions = { module: { connection: redis.url, commandTimeout: COMMAND_TIMEOUT }, resource: guarded.url };
  const agents = await Promise.all(
    Array.from({ length: PROCESSES }, async () => owned.add(await ChildProgram.start('lock-agent', options))),
  );
  const load: Load = { keys: KEYS, callersPerKey: 3, ms: scaled(2_500), waitMs: 5_000 };
  const done = new AbortController();
  const work = Promise.all(agents.map((agent) => agent.ask<LoadReport>('contend', load))).finally(() => done.abort());
  let queues = 0;
  work.catch(() => undefined);
  while (!done.signal.aborted) {
    expect(await channels(observer)).toHaveLength(PROCESSES);
    expect(await connections(observer, 'pubsub')).toBe(PROCESSES);
    expect(await connections(observer, 'normal')).toBe(PROCESSES);
    queues = Math.max(queues, (await observer.keys('lock:~1:queue:*')).length);
  }
  const reports = await work;
  expect(reports.map(({ errors, overlaps }) => ({ errors, overlaps }))).toEqual(agents.map(() => ({ errors: {}, overlaps: 0 })));
  // Otherwise nothing was contended.
  expect(queues).toBeGreaterThan(KEYS.length / 4);

  await until('no key is left', LINE_LAPSES_MS + MARGIN_MS, async () => (await keysLeft(observer)).length === 0);
  expect(await observer.pttl('lock:~1:fence')).toBeGreaterThan(24 * 3_600_000);
  // What processes said of themselves is not said again, and lapses within a minute.
  for (const card of await observer.keys('lock:~1:card:*')) {
    await until('the card lapses', 6_000, async () => (await observer.pttl(card)) < CARD_MS - 3_000);
  }
  for (const agent of agents) await agent.ask('close');
  expect(await observer.keys('lock:*')).toEqual(['lock:~1:fence']);
});
