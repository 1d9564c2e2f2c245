import type { Clock, Timers } from '../runtime/clock.js';
import { outside } from '../runtime/outside.js';
import type { LockLog } from '../runtime/lock-log.js';
import type { LockStore } from '../store/lock-store.interface.js';
import type { Sharing } from '../store/sharing.js';
import type { EngineSettings } from './lock-request.js';

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
/** How long a token may stand in line that nobody speaks for, and then have the lock, in ms. */
const QUEUED_MS = 4_000;

/** What giving back needs. */
export interface GiveBackParts {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
  readonly settings: Pick<EngineSettings, 'commandTimeout'>;
}

/**
 * Gives back what nobody here holds any more: attempts whose answer was never clear, and locks whose release was not answered.
 * It goes on until the store says yes or the lease has ended by itself, so that a lock is never held by nobody for longer than it must.
 */
export class GiveBack {
  private readonly pending = new Set<Promise<boolean>>();
  private closed = false;
  private readonly paused = new Set<() => void>();

  constructor(private readonly parts: GiveBackParts) {}

  /** Undoes an attempt. Returns at once; never rejects. `leaseMs` is the longest lease that it may have got. */
  cancel(key: string, token: string, leaseMs = 0, sharing?: Sharing): void {
    void this.persist(key, Math.max(leaseMs, QUEUED_MS) + 2 * this.parts.settings.commandTimeout, () =>
      this.parts.store.cancel(key, token, sharing),
    );
  }

  /** Leaves the line. Returns at once; never rejects. */
  leave(key: string, token: string, sharing?: Sharing): void {
    void this.persist(key, QUEUED_MS + 2 * this.parts.settings.commandTimeout, () => this.parts.store.leave(key, token, sharing));
  }

  /** Releases a lock; resolves with whether that was done. Never rejects. */
  release(key: string, token: string, withinMs: number, keepMs: () => number, sharing?: Sharing): Promise<boolean> {
    return this.persist(key, withinMs, async () => {
      await this.parts.store.release({ key, token, keepMs: keepMs(), sharing });
    });
  }

  /** Gives back a share that nobody took or could take; `leaseMs` is the longest lease that it may have. Returns at once; never rejects. */
  returnShare(key: string, token: string, leaseMs: number, sharing: Sharing): void {
    void this.release(key, token, leaseMs + 2 * this.parts.settings.commandTimeout, () => 0, sharing);
  }

  get size(): number {
    return this.pending.size;
  }

  /** Resolves when everything under way has been given back or given up. */
  async whenDone(): Promise<void> {
    await Promise.all(this.pending);
  }

  /** Gives up what is still under way: it ends at its lease. */
  close(): void {
    this.closed = true;
    for (const wake of this.paused) wake();
  }

  private persist(key: string, withinMs: number, run: () => Promise<void>): Promise<boolean> {
    const work = outside(() => this.repeat(key, this.parts.clock.now().monotonic + withinMs, run));
    this.pending.add(work);
    return work.finally(() => this.pending.delete(work));
  }

  private async repeat(key: string, until: number, run: () => Promise<void>): Promise<boolean> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await run();
        return true;
      } catch (error) {
        if (this.closed || this.parts.clock.now().monotonic + pause > until) {
          const why = error instanceof Error ? error.message : String(error);
          this.parts.log.warn(`The lock '${key}' could not be given back (${why}); it ends at its lease.`);
          return false;
        }
      }
      await this.pause(pause);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        this.paused.delete(goOn);
        resolve();
      };
      this.paused.add(goOn);
      this.parts.timers.after(ms, goOn, { background: true });
    });
  }
}
