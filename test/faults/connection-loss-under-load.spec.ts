import type { Redis } from 'ioredis';
import { disorder, type Load, type LoadReport } from './children/contend.js';
import type { AgentOptions } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled, until } from './support/until.js';

const COMMAND_TIMEOUT = 500;
const KEYS = ['a', 'b', 'c'];
const LOAD_MS = scaled(4_000);
const owned = ownedByEachTest();

interface Scene {
  readonly observer: Redis;
  readonly agents: readonly ChildProgram[];
  /** What the callers of both processes saw, together. */
  readonly seen: LoadReport;
  readonly disturbances: number;
}

/** Two processes under load, and something that goes wrong over and over until they are done. */
async function loaded(disturb: (observer: Redis) => Promise<number>): Promise<Scene> {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const options: AgentOptions = { module: { connection: redis.url, commandTimeout: COMMAND_TIMEOUT }, resource: redis.url };
  const agents = await Promise.all([1, 2].map(async () => owned.add(await ChildProgram.start('lock-agent', options))));
  const load: Load = { keys: KEYS, callersPerKey: 10, ms: LOAD_MS, waitMs: 10_000, impatient: 5 };
  const done = new AbortController();
  const work = Promise.all(agents.map((agent) => agent.ask<LoadReport>('contend', load))).finally(() => done.abort());
  let disturbances = 0;
  while (!done.signal.aborted) {
    disturbances += await disturb(observer);
    // The next one comes when the load has got on since.
    const before = Number((await observer.get('sections')) ?? 0);
    await until('the load gets on', 5_000, async () => done.signal.aborted || Number(await observer.get('sections')) > before + 20);
  }
  return { observer, agents, seen: together(await work), disturbances };
}

function together(reports: readonly LoadReport[]): LoadReport {
  const sum: LoadReport = { sections: 0, overlaps: 0, errors: {}, early: {} };
  for (const { sections, overlaps, errors, early } of reports) {
    sum.sections += sections;
    sum.overlaps += overlaps;
    for (const [code, n] of Object.entries(errors)) sum.errors[code] = (sum.errors[code] ?? 0) + n;
    for (const [code, n] of Object.entries(early)) sum.early[code] = (sum.early[code] ?? 0) + n;
  }
  return sum;
}

/** All connections but those of the test's own observers. */
async function killClients(observer: Redis): Promise<number> {
  const list = String(await observer.client('LIST'));
  const ids = [...list.matchAll(/^id=(\d+) .* name=(\S*) /gm)].filter(([, , name]) => name !== 'observer').map(([, id = '']) => id);
  const killed = await Promise.all(ids.map((id) => observer.client('KILL', 'ID', id)));
  return killed.reduce<number>((sum, n) => sum + Number(n), 0);
}

async function expectHealthy({ observer, agents, seen }: Scene): Promise<void> {
  expect(seen.overlaps).toBe(0);
  for (const key of KEYS) expect(disorder(await observer.lrange(`fences:${key}`, 0, -1))).toBe(0);
  // Everything works, from both processes, and is free.
  for (const agent of agents) {
    for (const key of KEYS) {
      await agent.ask('acquire', key, key, { wait: '5s' });
      expect(await agent.ask('release', key)).toBe('released');
    }
  }
  for (const agent of agents) await agent.ask('close');
  const left = async (): Promise<string[]> => (await observer.keys('lock:*')).filter((name) => name !== 'lock:~1:fence');
  await until('only the fence counter is left', 3 * COMMAND_TIMEOUT + 2_000, async () => (await left()).length === 0);
  expect(await observer.pttl('lock:~1:fence')).toBeGreaterThan(24 * 3_600_000);
}

it('killing all connections over and over gives users no errors but typed ones, and leaves nothing behind', async () => {
  const scene = await loaded(killClients);
  console.log(`${String(scene.disturbances)} connections killed; ${JSON.stringify(scene.seen)}`);

  expect(Object.keys(scene.seen.errors).filter((code) => code !== 'LOCK_STORE' && code !== 'LOCK_BUSY')).toEqual([]);
  expect(scene.seen.errors).toHaveProperty('LOCK_STORE');
  expect(scene.disturbances).toBeGreaterThan(4);
  await expectHealthy(scene);
}, 40_000);

it('SCRIPT FLUSH over and over gives users no error at all', async () => {
  const scene = await loaded(async (observer) => {
    await observer.script('FLUSH', 'SYNC');
    return 1;
  });
  console.log(`${String(scene.disturbances)} flushes; ${JSON.stringify(scene.seen)}`);

  expect(scene.seen.errors).toEqual({});
  expect(scene.disturbances).toBeGreaterThan(4);
  await expectHealthy(scene);
}, 40_000);
