// @ts-check

/** ms on the one clock that all processes of a machine share. performance.now() counts from each process's own start, and placing that is inexact. */
export function sharedNow() {
  const [seconds, nanos] = process.hrtime();
  return 1e3 * seconds + nanos / 1e6;
}
