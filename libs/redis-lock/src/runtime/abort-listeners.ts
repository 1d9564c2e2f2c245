const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Listens to a signal until the function that it returns is called. However many callers share the signal, it gets one listener:
 * Node warns of a leak at the eleventh, and one signal for a thousand waiting callers is no leak.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const listeners = listenersOf.get(signal) ?? listen(signal);
  listeners.add(run);
  return () => {
    listeners.delete(run);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(signal, listeners);
  signal.addEventListener(
    'abort',
    () => {
      for (const run of [...listeners]) run();
    },
    { once: true },
  );
  return listeners;
}
