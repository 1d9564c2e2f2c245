import type { Redis } from 'ioredis';
import { micros } from './support/kinds-journal.js';
import { byClientCommand, sharesWritten, takeCommands, watchCommands } from './support/kinds-monitor.js';
import { kindsScene, nothingLeft } from './support/kinds-processes.js';
import { ownedByEachTest } from './support/owned.js';
import { until } from './support/until.js';

const PROCESSES = 4;
const READERS = 100;
const owned = ownedByEachTest();

/** How many readers the line in Redis tells of: each process's entry carries its number. */
async function readersInLine(observer: Redis): Promise<number> {
  const entries = await observer.zrangebyscore('lock:~1:queue:{lock:page}', '(0', '+inf');
  return entries.reduce((sum, entry) => sum + Number(/ r(\d+)$/.exec(entry)?.[1] ?? 0), 0);
}

it('100 readers of four processes behind a writer begin with its release: one script, one message to each process', async () => {
  const { redis, observer, service, startSome } = await kindsScene(owned, { ttl: '3s' });
  const processes = await startSome(PROCESSES);
  const writer = await service.acquire('page');
  const wish = { manner: 'read', keys: ['page'], options: { wait: '20s' } } as const;
  const entering = Promise.all(processes.map((one) => one.acquire('theirs', wish, READERS / PROCESSES)));
  await until('all of them stand in line', 5_000, async () => (await readersInLine(observer)) === READERS);

  const ran = await watchCommands(owned, redis);
  const since = micros();
  expect(await writer.release()).toBe('released');
  const entries = (await entering).flat();
  const commands = await takeCommands(observer, ran);
  const admitting = byClientCommand(commands).filter(
    (group) => group.some(({ args }) => args[0] === 'PUBLISH') && sharesWritten(group).length > 0,
  );
  expect(admitting.map((group) => sharesWritten(group).length)).toEqual([READERS]);
  expect(admitting[0]?.filter(({ args }) => args[0] === 'PUBLISH')).toHaveLength(PROCESSES);
  expect((await service.inspect('page')).holders).toHaveLength(READERS);

  const ms = entries.map(({ at }) => (at - since) / 1_000).sort((a, b) => a - b);
  const [first = 0, p99 = 0] = [ms[0], ms[Math.ceil(0.99 * READERS) - 1]];
  console.log(
    `After the release: the first reader ${first.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, spread ${(p99 - first).toFixed(1)} ms`,
  );
  const fences = entries.flatMap((entry) => entry.fences);
  expect(new Set(fences).size).toBe(READERS);
  expect(Math.min(...fences)).toBeGreaterThan(writer.fence);
  for (const one of processes) expect(new Set(await one.release('theirs'))).toEqual(new Set(['released']));
  await nothingLeft(observer);
}, 60_000);
