interface Listeners {
  readonly runs: Set<() => void>;
  readonly listener: () => void;
}

const listenersOf = new WeakMap<AbortSignal, Listeners>();

/**
 * Listens to a signal until the function that it returns is called. However many callers share the signal, it gets one listener:
 * Node warns of a leak at the eleventh, and one signal for a thousand waiting callers is no leak.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const { runs, listener } = listenersOf.get(signal) ?? listen(signal);
  runs.add(run);
  return () => {
    if (!runs.delete(run) || runs.size > 0) return;
    signal.removeEventListener('abort', listener);
    listenersOf.delete(signal);
  };
}

function listen(signal: AbortSignal): Listeners {
  const runs = new Set<() => void>();
  const listener = (): void => {
    for (const run of [...runs]) run();
  };
  const listeners = { runs, listener };
  listenersOf.set(signal, listeners);
  signal.addEventListener('abort', listener, { once: true });
  return listeners;
}
