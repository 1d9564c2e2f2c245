import type { LockService } from 'nestjs-redis-lock';
import { CuttingProxy } from './support/cutting-proxy.js';
import { GivenTime } from './support/given-time.js';
import { channels, processesListening } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { QuietProxy } from './support/quiet-proxy.js';
import { scaled } from './support/until.js';

/** A heartbeat comes every 500 ms. */
const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const PROCESSES = 3;
/** How often each of them has the lock. */
const ROUNDS = scaled(6);
const SUBSCRIBE = 'subscribe';
const owned = ownedByEachTest();

/** What was seen of a lock that went round. */
interface Seen {
  /** From each release to the next entry, in ms. */
  readonly gaps: number[];
  /** How long each caller waited, in ms. */
  readonly waits: number[];
}

/** Processes that all want the same lock all the time, until each has had it so many times. */
async function goRound(services: readonly LockService[]): Promise<Seen> {
  const time = new GivenTime();
  const seen: Seen = { gaps: [], waits: [] };
  const entries = services.map(() => 0);
  let releasedAt: number | undefined;
  const one = async (service: LockService, i: number): Promise<void> => {
    while (Math.min(...entries) < ROUNDS) {
      const since = time.now();
      const lock = await service.acquire('stock', { wait: '1m' });
      const now = time.now();
      seen.waits.push(now - since);
      if (releasedAt !== undefined) seen.gaps.push(now - releasedAt);
      entries[i] = (entries[i] ?? 0) + 1;
      releasedAt = time.now();
      await lock.release();
    }
  };
  await Promise.all(services.map(one)).finally(() => time.end());
  return seen;
}

async function startProcesses(url: string): Promise<LockService[]> {
  const processes = await Promise.all(Array.from({ length: PROCESSES }, async () => owned.add(await Locks.open(url))));
  return processes.map(({ service }) => service);
}

function expectRound({ gaps, waits }: Seen): void {
  console.log(
    `${String(gaps.length)} hand-offs; longest gap ${Math.max(...gaps).toFixed(0)} ms, longest wait ${Math.max(...waits).toFixed(0)} ms`,
  );
  expect(Math.max(...gaps)).toBeLessThan(NOTICED_MS + MARGIN_MS);
  // Everybody else has it once in between.
  expect(Math.max(...waits)).toBeLessThan(PROCESSES * NOTICED_MS + MARGIN_MS);
}

it('messages that never arrive delay each hand-off by no more than a heartbeat, and nobody starves', async () => {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await QuietProxy.start(redis.port));
  const services = await startProcesses(proxy.url);
  proxy.hold('messages');

  expectRound(await goRound(services));
  // Otherwise there was nothing to miss.
  expect(proxy.pieces).toBeGreaterThanOrEqual(ROUNDS * (PROCESSES - 1));
}, 40_000);

it('neither do subscriptions that are cut and never come back', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const services = await startProcesses(proxy.url);
  proxy.decide = (request) => ({ kind: request.includes(SUBSCRIBE) ? 'cut-before' : 'pass' });
  await observer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await processesListening(observer, 0);

  expectRound(await goRound(services));
  expect(await channels(observer)).toEqual([]);
}, 40_000);

it('a process whose subscription was away hears of hand-offs at once when it is back', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const services = await startProcesses(proxy.url);
  await observer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await processesListening(observer, PROCESSES);

  const { gaps } = await goRound(services);
  // One or two may be the machine's.
  expect(gaps.filter((ms) => ms > NOTICED_MS / 3).length).toBeLessThanOrEqual(2);
}, 40_000);
