import { ownedByEachTest } from '../../faults/support/owned.js';
import { crashProcesses } from './support/process-crashes.js';

const owned = ownedByEachTest();
const KILLS = 3;

it('applications that are killed under load leave one reply for each key', async () => {
  const report = await crashProcesses(owned, { kills: KILLS, seed: 20_262 });
  console.log(`Killed applications: ${JSON.stringify(report)}`);
  expect(report.faults).toEqual([]);
  expect(report.kills).toBe(KILLS);
  // Otherwise no handler lost its process, and nothing was put to the test.
  expect(report.takeOvers + report.unknown).toBeGreaterThan(0);
}, 90_000);
