// @ts-check

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** @param {string} name @param {number} otherwise */
export function numberArgument(name, otherwise) {
  const at = process.argv.indexOf(name);
  const value = at === -1 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}: write a whole number from 1 on`);
  return value;
}

/** @param {readonly number[]} sorted ascending @param {number} share 0 to 1; NaN where there is nothing */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Jain's fairness index: 1 where all have got the same, 1/n where one has got everything. @param {readonly number[]} shares */
export function jain(shares) {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  return squares === 0 ? NaN : (total * total) / (shares.length * squares);
}
