import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { LockError, type LockService } from 'nestjs-redis-lock';

/** Callers that enter the same locks over and over. */
export interface Load {
  readonly keys: readonly string[];
  readonly callersPerKey: number;
  readonly ms: number;
  readonly waitMs: number;
  /** Further callers, each with a key of its own and not willing to wait. */
  readonly impatient?: number;
}

/** What the callers of one process saw. */
export interface LoadReport {
  sections: number;
  /** Entries while somebody else was inside. */
  overlaps: number;
  /** How often each error was seen, by its code; errors that are not the library's by their text. */
  errors: Record<string, number>;
  /** Those of them that were seen before the load's end. */
  early: Record<string, number>;
}

/** Runs guarded sections until the time is over. Each counts who is inside with a counter in Redis that is not the lock, and notes its fence there. */
export async function contend(locks: LockService, resource: Redis, load: Load): Promise<LoadReport> {
  const report: LoadReport = { sections: 0, overlaps: 0, errors: {}, early: {} };
  const end = performance.now() + load.ms;
  const caller = async (key: string, wait: number): Promise<void> => {
    while (performance.now() < end) {
      try {
        await locks.withLock(key, { wait }, async ({ fence }) => {
          if ((await resource.incr(`inside:${key}`)) !== 1) report.overlaps++;
          await resource.incr('sections');
          await resource.rpush(`fences:${key}`, fence);
          if ((await resource.decr(`inside:${key}`)) !== 0) report.overlaps++;
        });
        report.sections++;
      } catch (error) {
        const kind = error instanceof LockError ? error.code : String(error);
        report.errors[kind] = (report.errors[kind] ?? 0) + 1;
        if (performance.now() < end) report.early[kind] = (report.early[kind] ?? 0) + 1;
        // As a client would that tries again; without it nothing else in this process would get on.
        await pause(5);
      }
    }
  };
  const callers = load.keys.flatMap((key) => Array.from({ length: load.callersPerKey }, () => caller(key, load.waitMs)));
  for (let i = 0; i < (load.impatient ?? 0); i++) callers.push(caller(`${String(process.pid)}-${String(i)}`, 0));
  await Promise.all(callers);
  return report;
}

/** How many of a list's fences are not above the one before. */
export function disorder(fences: readonly string[]): number {
  return fences.filter((fence, i) => i > 0 && BigInt(fence) <= BigInt(fences[i - 1] ?? '')).length;
}
