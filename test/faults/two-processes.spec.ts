import type { AgentOptions } from './children/lock-agent.js';
import { disorder, type Load, type LoadReport } from './children/contend.js';
import { ChildProgram } from './support/child-program.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled } from './support/until.js';

const owned = ownedByEachTest();

it('two processes with 50 callers each never overlap, and fences rise in the order of entry', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const options: AgentOptions = { module: { connection: redis.url }, resource: redis.url };
  const agents = await Promise.all([1, 2].map(async () => owned.add(await ChildProgram.start('lock-agent', options))));

  const load: Load = { keys: ['stock'], callersPerKey: 50, ms: scaled(5_000), waitMs: 20_000 };
  const reports = await Promise.all(agents.map((agent) => agent.ask<LoadReport>('contend', load)));

  const sections = reports.map((report) => report.sections);
  const fences = await observer.lrange('fences:stock', 0, -1);
  console.log(`Sections of the two processes: ${sections.join(' and ')}`);
  expect(reports.map(({ overlaps }) => overlaps)).toEqual([0, 0]);
  expect(reports.map(({ early }) => early)).toEqual([{}, {}]);
  expect(reports.flatMap(({ errors }) => Object.keys(errors)).filter((code) => code !== 'LOCK_BUSY')).toEqual([]);
  expect(fences).toHaveLength(sections.reduce((sum, n) => sum + n, 0));
  expect(disorder(fences)).toBe(0);
  // Otherwise nothing was contended, or one process had it all.
  expect(Math.min(...sections)).toBeGreaterThan(scaled(20));
}, 60_000);

it('an uncontended section costs one acquire and one release command', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const { service } = owned.add(await Locks.open(redis.url));
  await service.withLock('warm-up', () => undefined);

  const rounds = scaled(2_000);
  await observer.config('RESETSTAT');
  for (let i = 0; i < rounds; i++) await service.withLock(`order:${String(i % 7)}`, () => undefined);
  const calls = callsByCommand(await observer.info('commandstats'));

  expect(calls.get('evalsha')).toBe(2 * rounds);
  // What the two scripts call inside is counted as well; nothing else may have come from us.
  const inside = ['time', 'exists', 'set', 'get', 'del'];
  const others = [...calls.keys()].filter((command) => !['evalsha', 'config|resetstat', ...inside].includes(command));
  expect(others).toEqual([]);
  const insideCalls = inside.reduce((sum, command) => sum + (calls.get(command) ?? 0), 0);
  expect(insideCalls).toBeLessThanOrEqual(8 * rounds);
});

function callsByCommand(info: string): Map<string, number> {
  return new Map([...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, command = '', calls]) => [command, Number(calls)]));
}
