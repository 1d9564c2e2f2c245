import type { Timers } from '../runtime/clock.js';
import type { RecordName } from '../store/record-store.interface.js';

/** Requests of this process that wait for what becomes of an operation: they look again when it ends in this process, or after a while. */
export class LocalWaiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(private readonly timers: Timers) {}

  /** Resolves after that time, or earlier when the operation has ended here. */
  pause(name: RecordName, ms: number): Promise<void> {
    const key = keyOf(name);
    const waiters = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, waiters);
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        waiters.delete(wake);
        if (waiters.size === 0 && this.waiting.get(key) === waiters) this.waiting.delete(key);
        resolve();
      };
      const timer = this.timers.after(ms, wake);
      waiters.add(wake);
    });
  }

  wake(name: RecordName): void {
    if (this.waiting.size === 0) return;
    for (const wake of [...(this.waiting.get(keyOf(name)) ?? [])]) wake();
  }
}

function keyOf({ scope, operation }: RecordName): string {
  return `${scope}:${operation}`;
}
