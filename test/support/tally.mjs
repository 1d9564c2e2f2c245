/**
 * The counts of one test run.
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/**
 * The last line of a run.
 * @param {Tally} tally
 * @returns {string}
 */
export function formatTally({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
