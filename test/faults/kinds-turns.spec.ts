import type { Crowd, Wish } from './children/kinds-agent.js';
import { GivenTime } from './support/given-time.js';
import { membersAdded, sharesWritten, takeCommands, watchCommands } from './support/kinds-monitor.js';
import { faultsOf } from './support/kinds-judge.js';
import { nothingLeft, sharedScene } from './support/kinds-processes.js';
import { ownedByEachTest } from './support/owned.js';
import { scaled, until } from './support/until.js';

const PROCESSES = 3;
const CALLERS = 8;
const INSIDE_MS = 20;
/** A holder asks at least this often who else waits. */
const KNOWN_MS = 500;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const owned = ownedByEachTest();
const shared = sharedScene(PROCESSES, { ttl: '3s' });

/** Processes whose callers never stay away, each section of up to 20 ms; and a process that comes now and then. */
async function start(manner: Wish['manner']) {
  const scene = shared();
  const { processes } = scene;
  const wishes = [{ manner, keys: ['page'], options: { wait: '20s' } }] as const;
  const crowd: Omit<Crowd, 'seed'> = { wishes, callers: CALLERS, ms: 60_000, insideMs: INSIDE_MS, awayMs: 0 };
  const reports = Promise.all(processes.map((one, seed) => one.crowd({ ...crowd, seed })));
  await until('the crowd is inside', 5_000, async () => (await scene.service.inspect('page')).locked);
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  const endCrowd = async () => {
    await Promise.all(processes.map((one) => one.endCrowd()));
    return reports;
  };
  return { ...scene, time, endCrowd };
}

it('a writer waits for those who read already, and no reader joins them', async () => {
  const { redis, observer, service, time, endCrowd, visits } = await start('read');
  const commands = await watchCommands(owned, redis);
  const waits: number[] = [];
  const joined: number[] = [];
  for (let i = 0; i < scaled(20); i++) {
    await until('readers are inside', 5_000, async () => (await service.inspect('page')).kind === 'read');
    const before = await takeCommands(observer, commands);
    const since = time.now();
    const lock = await service.acquire('page', { wait: '20s' });
    waits.push(time.now() - since);
    const seen = await takeCommands(observer, commands);
    // From the moment that it stood in line on the server, to its grant there.
    const queued = seen.findIndex((command) => membersAdded(command).some((member) => /^q\S+ \d+$/.test(member)));
    const granted = seen.findIndex(({ args }, at) => at > queued && args[0] === 'SET' && args[1] === 'lock:page' && args[2] !== '~1:read');
    expect(granted).toBeGreaterThan(queued);
    const known = new Set(sharesWritten([...before, ...seen.slice(0, queued)]));
    // Where the readers were all away for a moment it came in at once.
    if (queued >= 0) joined.push(sharesWritten(seen.slice(queued, granted)).filter((reader) => !known.has(reader)).length);
    expect(await lock.release()).toBe('released');
  }
  const reports = await endCrowd();
  console.log(`Readers that joined: ${joined.join(', ')}; waits of writers: ${waits.map(Math.round).join(', ')} ms`);
  expect(joined.length).toBeGreaterThan(scaled(10));
  expect(Math.max(...joined)).toBe(0);
  expect(Math.max(...waits)).toBeLessThan(INSIDE_MS + MARGIN_MS);
  expect(visits('page').length).toBeGreaterThan(scaled(100));
  expect(faultsOf(visits('page')).slice(0, 5)).toEqual([]);
  expect(reports.map(({ errors }) => errors)).toEqual(reports.map(() => ({})));
  await nothingLeft(observer);
}, 60_000);

it('a reader is let in among endless writers of several processes', async () => {
  const { observer, service, time, endCrowd, visits } = await start('write');
  const waits: number[] = [];
  for (let i = 0; i < scaled(20); i++) {
    await until('a writer is inside', 5_000, async () => (await service.inspect('page')).kind === 'exclusive');
    const since = time.now();
    const lock = await service.acquire('page', { mode: 'read', wait: '20s' });
    waits.push(time.now() - since);
    expect(await lock.release()).toBe('released');
  }
  const reports = await endCrowd();
  console.log(`Waits of readers: ${waits.map(Math.round).join(', ')} ms`);
  expect(Math.max(...waits)).toBeLessThan(KNOWN_MS + 2 * INSIDE_MS + MARGIN_MS);
  expect(visits('page').length).toBeGreaterThan(scaled(100));
  expect(faultsOf(visits('page')).slice(0, 5)).toEqual([]);
  expect(reports.map(({ errors }) => errors)).toEqual(reports.map(() => ({})));
  await nothingLeft(observer);
}, 60_000);
