// Runs Jest with the flags it needs for ES modules, and ends with the line `N passed, N failed` whatever happens:
// a reporter alone is never called when the global setup throws, and Jest may print after it.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { formatTally } from './tally.mjs';

const EXIT_GRACE_MS = 20_000;

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const child = fork(jest, process.argv.slice(2), {
  // Not NODE_OPTIONS: processes that tests start must not inherit these.
  execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
});

let tally = { passed: 0, failed: 0, skipped: 0 };
/** @type {NodeJS.Timeout | undefined} */
let leakTimer;

child.on('message', (message) => {
  tally = /** @type {import('./tally.mjs').Tally} */ (message);
  leakTimer = setTimeout(() => {
    console.error(
      `Something the tests left open kept Jest alive for ${EXIT_GRACE_MS / 1000} s after the last test. Try --detectOpenHandles.`,
    );
    child.kill('SIGKILL');
  }, EXIT_GRACE_MS);
});

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => child.kill(signal));
}

child.on('exit', (code) => {
  clearTimeout(leakTimer);
  const failedOtherwise = code !== 0 && tally.failed === 0;
  process.exitCode = code ?? 1;
  console.log(formatTally(failedOtherwise ? { ...tally, failed: 1 } : tally));
});
