import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Owned } from '../../../faults/support/owned.js';
import { OwnRedis } from '../../../faults/support/own-redis.js';
import { randomFrom, type Random } from '../../../faults/support/random.js';
import { until } from '../../../faults/support/until.js';
import type { WorkerOptions } from '../children/record-worker.js';
import { RecordCaller } from './record-caller.js';
import { faultsOfRecords } from './record-faults.js';
import { LEASE_MS, lookAtOrphans, sweep, USABLE_MS } from './record-judge.js';
import { recordLog } from './record-log.js';
import { WorkerPool } from './worker-pool.js';

export interface RecordCrashes {
  readonly onLeaseExpired: 'retry' | 'block';
  readonly keys: number;
  readonly duplicates: number;
  readonly signals: number;
  /** How many of the signals are kills; the others pause. Default 0.3. */
  readonly killShare?: number;
  readonly seed: number;
}

export interface RecordCrashReport {
  readonly kills: number;
  readonly pauses: number;
  readonly starts: number;
  /** Starts that were not the first of their key. */
  readonly takeOvers: number;
  /** Outcomes that came too late. */
  readonly refused: number;
  /** Operations that died with their process and were looked at one lease + 1 s later. */
  readonly orphans: number;
  readonly faults: string[];
}

const WORKERS = 4;
const KILL_SHARE = 0.3;
const FULL_QUEUE = 400;

/** Kills and pauses processes amid their calls, and then judges by their log what the records made of it. */
export async function crashRecords(owned: Owned, crashes: RecordCrashes): Promise<RecordCrashReport> {
  const random = randomFrom(crashes.seed);
  const redis = owned.add(await OwnRedis.start());
  const log = await redis.client();
  const records = { url: redis.url, leaseMs: LEASE_MS, takeOver: crashes.onLeaseExpired === 'retry' };
  const judge = owned.add(await RecordCaller.open(records, 'judge', () => 0));
  const optionsOf = (name: string): WorkerOptions => ({ records, name, seed: Math.floor(random() * 2 ** 32) });
  const pool = owned.add(new WorkerPool('../../idempotency/crashes/children/record-worker', optionsOf, random));
  await pool.open(WORKERS);

  const faults: string[] = [];
  const keys = Array.from({ length: crashes.keys }, (_, i) => `key-${String(i)}`);
  const looks: Promise<number>[] = [];
  for (let signal = 0; signal < crashes.signals; signal++) {
    const from = Math.floor((signal * keys.length) / crashes.signals);
    const to = Math.floor(((signal + 1) * keys.length) / crashes.signals);
    await until('the queue has room', 60_000, async () => (await log.llen(recordLog.queue)) < FULL_QUEUE);
    await feed(log, keys.slice(from, to), crashes.duplicates, random);
    await pause(40 * random());
    if (random() < (crashes.killShare ?? KILL_SHARE)) looks.push(lookAtOrphans(await pool.kill(), log, judge, faults));
    else await pool.pause(3 * LEASE_MS * random());
  }
  await pool.finish();
  const orphans = (await Promise.all(looks)).reduce((sum, count) => sum + count, 0);
  await pause(Math.max(0, pool.lastEnd + USABLE_MS - performance.now()));
  await sweep(keys, judge, crashes.onLeaseExpired === 'retry' ? ['started', 'done'] : ['started', 'done', 'unknown'], faults);
  // What the first sweep had to run is done now, and what was blocked stays so.
  await sweep(keys, judge, crashes.onLeaseExpired === 'retry' ? ['done'] : ['done', 'unknown'], faults);

  const found = await faultsOfRecords(log, keys, crashes.onLeaseExpired);
  const refused = Number((await log.get(recordLog.refused)) ?? 0);
  return {
    kills: pool.kills,
    pauses: pool.pauses,
    starts: found.starts,
    takeOvers: found.takeOvers,
    refused,
    orphans,
    faults: [...faults, ...found.faults],
  };
}

/** All duplicates of some keys, in any order. */
async function feed(log: Redis, keys: readonly string[], duplicates: number, random: Random): Promise<void> {
  const calls = keys.flatMap((key) => Array.from({ length: duplicates }, () => ({ key, rank: random() })));
  calls.sort((a, b) => a.rank - b.rank);
  if (calls.length > 0) await log.rpush(recordLog.queue, ...calls.map(({ key }) => key));
}
