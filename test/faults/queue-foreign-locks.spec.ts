import { setTimeout as pause } from 'node:timers/promises';
import type { LockService } from 'nestjs-redis-lock';
import { contend } from './children/contend.js';
import type { PlainClientOptions, PlainReport } from './children/plain-client.js';
import { ChildProgram } from './support/child-program.js';
import { GivenTime } from './support/given-time.js';
import { processesInLine } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled } from './support/until.js';

const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const SEED = 20_240;
const owned = ownedByEachTest();

async function start() {
  const redis = owned.add(await OwnRedis.start());
  const options: PlainClientOptions = { url: redis.url, seed: SEED };
  const plain = owned.add(await ChildProgram.start('plain-client', options));
  const connect = async (): Promise<LockService> => owned.add(await Locks.open(redis.url)).service;
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  return { redis, plain, services: [await connect(), await connect()] as const, time };
}

it.each([
  ['with a TTL', 'lock'],
  ['without a TTL', 'lockForGood'],
])('a lock that a plain client set %s keeps everybody out, and its DEL is noticed', async (_what, lock) => {
  const { plain, services, time } = await start();
  const [first, second] = services;
  for (let round = 0; round < scaled(5); round++) {
    expect(await plain.ask(lock, 'lock:stock')).toBe('OK');
    expect(await first.tryAcquire('stock')).toBeNull();
    const acquiring = services.map((service) => service.acquire('stock', { wait: '20s' }));
    await processesInLine(first, 'stock', 2);
    // At any moment between two heartbeats.
    await pause(round * 100);
    expect((await second.inspect('stock')).kind).toBe('foreign');

    const since = time.now();
    expect(await plain.ask('unlock', 'lock:stock')).toBe(1);
    await (await Promise.race(acquiring)).release();
    expect(time.now() - since).toBeLessThan(NOTICED_MS + MARGIN_MS);
    for (const taken of await Promise.all(acquiring)) expect(await taken.release()).toBe('released');
  }
});

it('a plain client is kept out while a lock is held, and while it goes from process to process', async () => {
  const { plain, services } = await start();
  const [first, second] = services;
  const held = await first.acquire('stock');
  expect(await plain.ask('lock', 'lock:stock')).toBeNull();
  const acquiring = second.acquire('stock', { wait: '20s' });
  await processesInLine(first, 'stock', 1);
  await held.release();
  expect(await plain.ask('lock', 'lock:stock')).toBeNull();
  await (await acquiring).release();
  expect(await plain.ask('lock', 'lock:stock')).toBe('OK');
});

it('a plain client and the callers of two processes never overlap', async () => {
  const { redis, plain, services } = await start();
  const resource = await redis.client();
  const ms = scaled(4_000);
  const theirs = plain.ask<PlainReport>('contend', 'lock:stock', 'inside:stock', ms);
  let sections = 0;
  let overlaps = 0;
  for (const end = performance.now() + ms; performance.now() < end;) {
    // In turns, since whoever waits in line is served before those who only try.
    const load = { keys: ['stock'], callersPerKey: 3, ms: 100, waitMs: 10_000 };
    const reports = await Promise.all(services.map((service) => contend(service, resource, load)));
    for (const report of reports) {
      expect(report.errors).toEqual({});
      sections += report.sections;
      overlaps += report.overlaps;
    }
    await pause(20);
  }
  const report = await theirs;
  console.log(`Sections of ours: ${String(sections)}; of the plain client: ${JSON.stringify(report)}`);
  expect([overlaps, report.overlaps]).toEqual([0, 0]);
  expect(sections).toBeGreaterThan(0);
  expect(report.sections).toBeGreaterThan(0);
  expect(report.tries).toBeGreaterThan(report.sections);
});
