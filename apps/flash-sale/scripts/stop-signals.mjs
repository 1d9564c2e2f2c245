// When a program that other programs depend on has to end.
const LOOK_MS = 250;

/**
 * Calls back whenever this program is asked to end: by a signal, or because the program that started it is gone.
 * npm runs scripts in a shell that dies of a SIGTERM without passing it on.
 * @param {() => void} onStop
 */
export function onStopRequested(onStop) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, onStop);
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onStop();
  }, LOOK_MS);
  timer.unref();
}
