import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClockOptions, Tick } from './children/kinds-clock.js';
import { ChildProgram } from './support/child-program.js';
import { nothingLeft } from './support/kinds-processes.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';

/** Every five seconds; the job itself is over at once. */
const CRON = '*/5 * * * * *';
const LATE_MS = 1_500;
const owned = ownedByEachTest();

/** Two instances with a job that is due at the same tick, by clocks that differ. Ends when either has had two ticks. */
async function twoTicks(holdAtLeast: number | undefined) {
  const directory = await mkdtemp(join(tmpdir(), 'lock-kinds-'));
  owned.add({ stop: () => rm(directory, { recursive: true, force: true }) });
  const redis = owned.add(await OwnRedis.start());
  const journal = join(directory, 'runs');
  await writeFile(journal, '');
  const start = async (skewMs: number): Promise<ChildProgram> => {
    const options = {
      connection: redis.url,
      skewMs,
      journal,
      cron: CRON,
      ...(holdAtLeast === undefined ? {} : { holdAtLeast }),
    } satisfies ClockOptions;
    return owned.add(await ChildProgram.start('kinds-clock', options));
  };
  const instances = await Promise.all([start(0), start(-LATE_MS)]);
  const ticksOf = (): Promise<Tick[][]> => Promise.all(instances.map((one) => one.ask<Tick[]>('ticks')));
  let ticks: Tick[][] = [];
  await until('each had two ticks', 20_000, async () => (ticks = await ticksOf()).every((some) => some.length >= 2));
  await Promise.all(instances.map((one) => one.ask('close')));
  const runs = (await readFile(journal, 'utf8')).split('\n').filter(Boolean);
  const [prompt = [], late = []] = ticks;
  // Ticks that both of them had, in the order of the clock that is right.
  const both = prompt.filter(({ second }) => late.some((tick) => tick.second === second)).map(({ second }) => String(second));
  return { observer: await redis.client(), both, late, prompt, runsOf: (second: string) => runs.filter((run) => run === second).length };
}

it('an instance whose clock is behind does not run a tick again that another one has run: holdAtLeast', async () => {
  const { observer, both, prompt, late, runsOf } = await twoTicks(3_000);
  console.log(JSON.stringify({ both, prompt, late }));
  expect(both.length).toBeGreaterThan(0);
  for (const second of both) expect([second, runsOf(second)]).toEqual([second, 1]);
  // It came later, and was turned away although the job had ended long before.
  for (const second of both) {
    const [first, again] = [prompt, late].map((ticks) => ticks.find((tick) => String(tick.second) === second));
    if (first === undefined || again === undefined) throw new Error('Both had it');
    expect(again.at - first.at).toBeGreaterThan(LATE_MS * 500);
    expect([first.ran, again.ran]).toEqual([true, false]);
  }
  await nothingLeft(observer);
}, 60_000);

it('without it, the tick is run twice: the clocks differ indeed', async () => {
  const { both, runsOf } = await twoTicks(undefined);
  expect(both.length).toBeGreaterThan(0);
  for (const second of both) expect([second, runsOf(second)]).toEqual([second, 2]);
}, 60_000);
