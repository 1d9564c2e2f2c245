import { LockStoreError } from '../errors/lock-store.error.js';
import type { Timers } from '../runtime/clock.js';

/** How a store that is down behaves. */
export type OutageKind = 'refuses' | 'silent';

/** Whether a testing server can be reached; all its connections share one. */
export class Outage {
  private kind: OutageKind | undefined;

  get isDown(): boolean {
    return this.kind !== undefined;
  }

  begin(kind: OutageKind): void {
    this.kind = kind;
  }

  end(): void {
    this.kind = undefined;
  }

  /** Returns while the server is up. @throws LockStoreError at once, or after the command timeout where it is silent */
  async pass(timers: Timers, commandTimeout: number): Promise<void> {
    if (this.kind === undefined) return;
    if (this.kind === 'refuses') throw new LockStoreError('The testing server is down: connection refused');
    await new Promise<void>((resolve) => timers.after(commandTimeout, resolve, { background: true }));
    throw new LockStoreError('The testing server is down: command timed out');
  }
}
