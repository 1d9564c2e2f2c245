import type { AgentOptions } from './children/lock-agent.js';
import { disorder, type Load, type LoadReport } from './children/contend.js';
import type { QueueAgentOptions, StandReport } from './children/queue-agent.js';
import { ChildProgram } from './support/child-program.js';
import { callersInLine } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled, until } from './support/until.js';

const PROCESSES = 4;
const CALLERS = 200;
const WAIT_MS = 15_000;
const COMMAND_TIMEOUT = 500;
const owned = ownedByEachTest();

/** All of them stand in line behind a lock that the test holds; what they guard is on another server, which nothing happens to. */
async function startLine() {
  const redis = owned.add(await OwnRedis.start());
  const guarded = owned.add(await OwnRedis.start());
  const { service: holder } = owned.add(await Locks.open(redis.url, { commandTimeout: COMMAND_TIMEOUT }));
  const options: QueueAgentOptions = { module: { connection: redis.url, commandTimeout: COMMAND_TIMEOUT }, resource: guarded.url };
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, async () => owned.add(await ChildProgram.start('queue-agent', options))),
  );
  const held = await holder.acquire('stock', { ttl: '2s' });
  const reports = children.map((child) => child.ask<StandReport>('stand', 'stock', CALLERS / PROCESSES, WAIT_MS));
  await callersInLine(holder, 'stock', CALLERS);
  return { redis, holder, held, reports: Promise.all(reports), observer: await guarded.client() };
}

function total(reports: readonly StandReport[], what: 'entered' | 'twice' | 'overlaps'): number {
  return reports.reduce((sum, report) => sum + report[what], 0);
}

it.each([
  ['FLUSHALL', async (redis: OwnRedis) => (await redis.client()).flushall()],
  ['a restart', (redis: OwnRedis) => redis.restart()],
])(
  '%s while 200 callers of several processes wait: each of them has the lock once, or a typed error',
  async (what, strike) => {
    const { redis, holder, held, reports, observer } = await startLine();
    await strike(redis);

    const seen = await reports;
    const errors = seen.flatMap((report) => Object.entries(report.errors));
    console.log(`After ${what}: ${JSON.stringify(seen)}`);
    expect(errors.filter(([code]) => !['LOCK_STORE', 'LOCK_BUSY', 'LOCK_LOST'].includes(code))).toEqual([]);
    expect(total(seen, 'entered') + errors.reduce((sum, [, count]) => sum + count, 0)).toBe(CALLERS);
    expect(total(seen, 'twice')).toBe(0);
    expect(total(seen, 'overlaps')).toBe(0);
    expect(Math.max(...seen.map(({ longestMs }) => longestMs))).toBeLessThan(WAIT_MS + COMMAND_TIMEOUT + 500);
    // Their wait is long enough for all of them.
    expect(total(seen, 'entered')).toBe(CALLERS);
    const fences = await observer.lrange('fences:stock', 0, -1);
    expect(disorder([String(held.fence), ...fences])).toBe(0);
    expect(fences).toHaveLength(CALLERS);

    // Whoever held the lock before learns of it, and everything works.
    await until('the holder knows', 3_000, () => !held.isHeld);
    expect(await held.release()).toBe('lost');
    expect(await (await holder.acquire('stock', { wait: '2s' })).release()).toBe('released');
  },
  40_000,
);

it('SCRIPT FLUSH while processes hand the lock over to each other gives users no error', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const options: AgentOptions = { module: { connection: redis.url, cohort: 0 }, resource: redis.url };
  const agents = await Promise.all([1, 2].map(async () => owned.add(await ChildProgram.start('lock-agent', options))));
  const load: Load = { keys: ['stock'], callersPerKey: 25, ms: scaled(3_000), waitMs: 20_000 };
  const done = new AbortController();
  const work = Promise.all(agents.map((agent) => agent.ask<LoadReport>('contend', load))).finally(() => done.abort());

  let flushes = 0;
  let sections = 0;
  work.catch(() => undefined);
  while (!done.signal.aborted) {
    await observer.script('FLUSH', 'SYNC');
    flushes++;
    const before = sections;
    await until('it goes on', 5_000, async () => done.signal.aborted || (sections = Number(await observer.get('sections'))) >= before + 3);
  }
  const seen = await work;
  console.log(`${String(flushes)} flushes; ${JSON.stringify(seen)}`);
  expect(seen.map(({ errors, overlaps }) => ({ errors, overlaps }))).toEqual(agents.map(() => ({ errors: {}, overlaps: 0 })));
  expect(disorder(await observer.lrange('fences:stock', 0, -1))).toBe(0);
  expect(flushes).toBeGreaterThan(scaled(50));
}, 40_000);
