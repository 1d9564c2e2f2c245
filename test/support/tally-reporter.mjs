import { formatTally } from './tally.mjs';

/**
 * Hands the counts of a run to run.mjs, which prints them as its last line; prints them itself when Jest was started without it.
 * @implements {Pick<import('@jest/reporters').Reporter, 'onRunComplete'>}
 */
export default class TallyReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    const tally = {
      passed: results.numPassedTests,
      // A suite that could not be loaded has no tests to count, so it counts as one.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    if (process.send) {
      process.send(tally);
    } else {
      process.stdout.write(`${formatTally(tally)}\n`);
    }
  }
}
