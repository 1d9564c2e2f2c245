import { openSync, writeSync } from 'node:fs';

/** How a lock was held: alone, to read, or by one of so many permits. */
export type Manner = 'write' | 'read' | number;

/** A moment on the clock that all processes of this machine share, in µs. */
export type Micros = number;

/** One line of a journal: somebody has entered, or is about to leave. Of several keys each has a fence. */
export type Mark =
  | { readonly entered: Micros; readonly visit: string; readonly manner: Manner; readonly fences: Readonly<Record<string, number>> }
  | { readonly left: Micros; readonly visit: string; readonly lost: boolean };

/** The monotonic clock: it counts from when the machine started, in every process. */
export function micros(): Micros {
  return Number(process.hrtime.bigint() / 1_000n);
}

/**
 * What the callers of one process did inside of locks, in a file: it knows nothing of locks, and what was written outlives a kill.
 * Entries are noted after the lock was had, and leaves before it is given up: what overlaps in here overlapped.
 */
export class Journal {
  private readonly file: number;
  private visits = 0;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /** @returns the name of the visit */
  enter(manner: Manner, fences: ReadonlyMap<string, number>): string {
    const visit = `${String(process.pid)}-${String(++this.visits)}`;
    this.write({ entered: micros(), visit, manner, fences: Object.fromEntries(fences) });
    return visit;
  }

  /** Whoever holds the lock after that moment held it until then. */
  leave(visit: string, lock: { readonly isHeld: boolean }): void {
    const left = micros();
    this.write({ left, visit, lost: !lock.isHeld });
  }

  private write(mark: Mark): void {
    writeSync(this.file, `${JSON.stringify(mark)}\n`);
  }
}
