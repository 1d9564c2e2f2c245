import type { Clock } from '../runtime/clock.js';

/** Locks that stay in place after their release, for the rest of a minimum hold: nobody has them, and nobody may take them back. */
export class KeptLocks {
  /** Until when, by token, on the monotonic clock. */
  private readonly ends = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  note(token: string, until: number): void {
    const now = this.clock.now().monotonic;
    for (const [other, end] of this.ends) if (end <= now) this.ends.delete(other);
    this.ends.set(token, until);
  }

  has(token: string): boolean {
    return (this.ends.get(token) ?? -Infinity) > this.clock.now().monotonic;
  }
}
