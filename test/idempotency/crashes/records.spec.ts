import { ownedByEachTest } from '../../faults/support/owned.js';
import { scaled } from '../../faults/support/until.js';
import { crashRecords } from './support/record-crashes.js';
import { faultsOfRecord } from './support/record-faults.js';

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
