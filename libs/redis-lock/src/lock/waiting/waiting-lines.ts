import { LockBusyError } from '../../errors/lock-busy.error.js';
import type { LockStoreError } from '../../errors/lock-store.error.js';
import type { Busy } from '../attempts.js';
import type { Hold } from '../hold.js';
import { WaitingLine, type WaitingLineParts } from './waiting-line.js';
import type { Waiting, WaitRequest } from './waiting.interface.js';

/** One line per key. Simple waiting: the head of each line asks again when it is woken, and from time to time. */
export class WaitingLines implements Waiting {
  private readonly lines = new Map<string, WaitingLine>();

  constructor(
    private readonly parts: WaitingLineParts,
    private readonly maxWaiters: number,
  ) {}

  wait(waiter: WaitRequest, found: Busy | LockStoreError | undefined): Promise<Hold> {
    const { key } = waiter;
    let line = this.lines.get(key);
    if (line !== undefined && line.length >= this.maxWaiters) {
      const message = `The lock '${key}' has ${String(line.length)} callers of this process waiting already (maxWaiters).`;
      return Promise.reject(new LockBusyError(key, { waitedMs: 0, retryAfterMs: waiter.request.waitMs, message }));
    }
    if (line === undefined) {
      const made = new WaitingLine(key, this.parts, () => {
        if (this.lines.get(key) === made) this.lines.delete(key);
      });
      this.lines.set(key, (line = made));
    }
    return line.join(waiter, found);
  }

  wake(key: string): void {
    this.lines.get(key)?.wake();
  }

  callers(key: string): number {
    return this.lines.get(key)?.length ?? 0;
  }

  trouble(key: string): LockStoreError | undefined {
    return this.lines.get(key)?.trouble;
  }

  *counts(): Iterable<readonly [string, number]> {
    for (const [key, line] of this.lines) if (line.length > 0) yield [key, line.length];
  }
}
