import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 5;

/**
 * Waits for something that announces itself by no event, such as a key that lapses in Redis.
 * @returns how long it took, in ms
 * @throws when it has not come true in time
 */
export async function until(what: string, limitMs: number, isTrue: () => boolean | Promise<boolean>): Promise<number> {
  const since = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - since > limitMs) throw new Error(`Not within ${String(limitMs)} ms: ${what}`);
    await pause(LOOK_MS);
  }
  return performance.now() - since;
}

/** How long a promise took to settle, and with what. */
export async function timed<T>(work: Promise<T>): Promise<{ ms: number; value?: T; error?: unknown }> {
  const since = performance.now();
  try {
    const value = await work;
    return { ms: performance.now() - since, value };
  } catch (error) {
    return { ms: performance.now() - since, error };
  }
}

/** Resolves when a signal aborts, with its reason. @throws when it does not in time */
export async function aborted(signal: AbortSignal, limitMs: number): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The signal did not abort within ${String(limitMs)} ms.`)), limitMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  return signal.reason;
}

/** Loops are as long as the promise asks for, or a share of it while a test is tried many times over. */
export function scaled(full: number): number {
  return Math.max(1, Math.round(full * Number(process.env['FAULTS_SHARE'] ?? '1')));
}
