import { setTimeout as pause } from 'node:timers/promises';
import type { ImpatientOptions, Outcomes } from './children/impatient-waiters.js';
import { ChildProgram } from './support/child-program.js';
import { GivenTime } from './support/given-time.js';
import { keysLeft } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled, until } from './support/until.js';

const COMMAND_TIMEOUT = 300;
/** A process counts as alive for a second and commandTimeout; what it left for a late command goes after twice that. */
const LINE_LAPSES_MS = 1_000 + COMMAND_TIMEOUT + 2 * COMMAND_TIMEOUT;
const MARGIN_MS = 500;
const PROCESSES = 2;
const WAITERS = 1_000;
const SEED = 51_001;
/** A grant that was lost would end by itself after 2 s at the earliest. */
const LOST_MS = 2_000;
const owned = ownedByEachTest();

it('a thousand waiters that time out or abort at random moments lose no grant, and leave no key, timer or listener', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const locks = owned.add(await Locks.open(redis.url));
  const { service: patient } = locks;
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, i) => {
      const seed = SEED + i;
      const waiters = scaled(WAITERS) / PROCESSES;
      const spreadMs = scaled(3_000);
      const options: ImpatientOptions = { url: redis.url, commandTimeoutMs: COMMAND_TIMEOUT, seed, waiters, spreadMs };
      return owned.add(await ChildProgram.start('impatient-waiters', options));
    }),
  );
  const timersBefore = await Promise.all(children.map((child) => child.ask<number>('timers')));

  const done = new AbortController();
  const work = Promise.all(children.map((child) => child.ask<Outcomes>('run'))).finally(() => done.abort());
  const time = new GivenTime();
  const waits: number[] = [];
  work.catch(() => undefined);
  while (!done.signal.aborted) {
    const since = time.now();
    // Long enough for many to come and go.
    await patient.withLock('stock', { wait: '20s' }, () => pause(30));
    waits.push(time.now() - since);
    await pause(1);
  }
  const outcomes = await work;
  const since = time.now();
  const last = await patient.acquire('stock', { wait: '20s' });
  const lastMs = time.now() - since;
  time.end();
  await last.release();

  console.log(
    `Seed ${String(SEED)}: ${JSON.stringify(outcomes)}; longest wait ${Math.max(...waits).toFixed(0)} ms, last ${lastMs.toFixed(0)} ms`,
  );
  for (const seen of outcomes) expect(Object.keys(seen).sort()).toEqual(['LOCK_BUSY', 'aborted', 'entered']);
  expect(lastMs).toBeLessThan(MARGIN_MS);
  expect(Math.max(...waits)).toBeLessThan(0.75 * LOST_MS);

  await until('no key is left', LINE_LAPSES_MS + MARGIN_MS, async () => (await keysLeft(observer)).length === 0);
  for (const [i, child] of children.entries()) {
    await until('no timer is left', 5_000, async () => (await child.ask<number>('timers')) <= (timersBefore[i] ?? 0));
    await until('no signal is kept', 5_000, async () => (await child.ask<number>('signals')) === 0);
    expect(await child.ask('listeners')).toBe(0);
    await child.ask('close');
  }
  await locks.stop();
  expect(await observer.keys('lock:*')).toEqual(['lock:~1:fence']);
});
