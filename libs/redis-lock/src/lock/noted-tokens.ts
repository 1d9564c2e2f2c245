import type { Clock } from '../runtime/clock.js';

/** Tokens to be remembered for a while: of locks kept after their release, and of those released by force before anybody here had them. */
export class NotedTokens {
  /** Until when, on the monotonic clock. */
  private readonly ends = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  note(token: string, ms: number): void {
    const now = this.clock.now().monotonic;
    for (const [other, end] of this.ends) if (end <= now) this.ends.delete(other);
    this.ends.set(token, now + ms);
  }

  has(token: string): boolean {
    return this.ends.size > 0 && (this.ends.get(token) ?? -Infinity) > this.clock.now().monotonic;
  }
}
