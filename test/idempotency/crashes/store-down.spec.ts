import { ownedByEachTest } from '../../faults/support/owned.js';
import { scaled } from '../../faults/support/until.js';
import { askWhileStoreIsDown, TROUBLES } from './support/store-down.js';

const owned = ownedByEachTest();
/** 500 ms are promised, and as much again for a machine that is busy with other tests. */
const ANSWERED_MS = 1_000;

it.each(TROUBLES)(
  'Redis %s: 503 in time, and no handler starts later',
  async (trouble) => {
    const requests = scaled(70);
    const report = await askWhileStoreIsDown(owned, trouble, requests);
    console.log(`Redis ${trouble}: ${JSON.stringify(report)}`);
    expect(report.faults).toEqual([]);
    expect(report.late).toBe(0);
    expect(report.refused).toBe(requests);
    expect(report.p99).toBeLessThan(ANSWERED_MS);
  },
  60_000,
);
