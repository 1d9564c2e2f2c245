import { shareToken } from '../../../libs/redis-lock/src/store/sharing.js';
import type { HandedOver } from '../../../libs/redis-lock/src/store/lock-store.interface.js';

/** C3 on the server's side: fences that were given out, each above all before, and whom they are good for. */
export class FenceBook {
  /** First and last, by the token. */
  private readonly fences = new Map<string, [first: number, last: number][]>();
  private last = 0;

  constructor(private readonly faults: string[]) {}

  /** So many new ones, from that one on. */
  check(fence: number, count: number): void {
    if (fence <= this.last) this.faults.push(`C3: the fence ${String(fence)} is not above the one before`);
    this.last = fence + count - 1;
  }

  note(token: string, fence: number, count: number): void {
    this.fences.set(token, [...(this.fences.get(token) ?? []), [fence, fence + count - 1]]);
  }

  /** Several shares have one each. */
  noteGrant({ token, fence, shares = 1 }: Pick<HandedOver, 'token' | 'fence' | 'shares'>): void {
    for (let i = 0; i < shares; i++) this.note(shareToken(token, i), fence + i, 1);
  }

  gave(token: string, fence: number): boolean {
    return this.fences.get(token)?.some(([first, last]) => first <= fence && fence <= last) === true;
  }

  /** The server lost what it knew. */
  startAnew(): void {
    this.last = 0;
  }
}
