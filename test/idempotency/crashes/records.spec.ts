import { ownedByEachTest } from '../../faults/support/owned.js';
import { OwnRedis } from '../../faults/support/own-redis.js';
import { scaled, until } from '../../faults/support/until.js';
import { RecordCaller } from './support/record-caller.js';
import { crashRecords } from './support/record-crashes.js';
import { faultsOfRecord } from './support/record-faults.js';
import { lookAtOrphans } from './support/record-judge.js';
import { recordLog } from './support/record-log.js';

const owned = ownedByEachTest();
const SIZES = { keys: scaled(150), duplicates: 20, signals: scaled(15) };

it.each(['retry', 'block'] as const)(
  '%s: processes that are killed and paused at any moment leave one answer for each key',
  async (onLeaseExpired) => {
    const report = await crashRecords(owned, { ...SIZES, onLeaseExpired, seed: 20_261 });
    console.log(`Killed and paused, ${onLeaseExpired}: ${JSON.stringify(report)}`);
    expect(report.faults).toEqual([]);
    expect(report.kills + report.pauses).toBe(SIZES.signals);
    // Otherwise no operation lost its process, and nothing was put to the test. Without take-overs it cannot be told from outside.
    if (onLeaseExpired === 'retry') expect(report.takeOvers + report.orphans).toBeGreaterThan(0);
  },
  60_000,
);

it.each([
  { found: ['started twice'], attempts: [1, 2], replies: ['2 a'], mode: 'block' },
  { found: ['two answers'], attempts: [1, 2], replies: ['2 a', '1 b'], mode: 'retry' },
  { found: ['the answer is not that of the last attempt'], attempts: [2, 1], replies: ['1 a'], mode: 'retry' },
  { found: ['one attempt started twice'], attempts: [1, 1], replies: ['1 a'], mode: 'retry' },
  { found: ['no answer'], attempts: [1], replies: [], mode: 'retry' },
  { found: [], attempts: [1, 2], replies: ['2 a'], mode: 'retry' },
  { found: [], attempts: [1], replies: [], mode: 'block' },
] as const)('the judge finds $found', ({ found, attempts, replies, mode }) => {
  expect(faultsOfRecord(attempts, replies, mode)).toEqual(found);
});

it('the judge finds a key that the dead still holds, and none that somebody took over and had no time to write down', async () => {
  const redis = owned.add(await OwnRedis.start());
  const log = await redis.client();
  // Longer than a key may be unusable, so that its lease alone is too much.
  const records = { url: redis.url, leaseMs: 10_000, takeOver: true };
  const judge = owned.add(await RecordCaller.open(records, 'judge', () => 0));
  const worker = owned.add(await RecordCaller.open(records, 'worker', () => 2_500));
  const call = worker.call('key', 0);
  await until('the worker runs the key', 5_000, async () => (await log.scard(recordLog.owned('worker'))) > 0);
  await log.del(recordLog.starts('key'));
  await log.sadd(recordLog.owned('earlier'), 'key');

  const faults: string[] = [];
  const looks = ['worker', 'earlier'].map((dead) => lookAtOrphans(dead, log, judge, faults));
  expect(await Promise.all(looks)).toEqual([1, 1]);
  expect(faults).toEqual(['key: still running after the death of worker']);
  await call;
}, 20_000);
