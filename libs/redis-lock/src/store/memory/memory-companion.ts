import { grantTokenOf } from '../sharing.js';
import { MemoryLine } from './memory-line.js';

/** What lies beside one lock on the server: its two lines, the tombstones, and the shares. As the Lua includes have it. */
export class MemoryCompanion {
  /** Those who want the lock for themselves, or a permit. */
  readonly writers = new MemoryLine();
  readonly readers = new MemoryLine();
  private readonly tombstones = new Map<string, number>();
  /** When the lease of each share ends, in ms. */
  private readonly shares = new Map<string, number>();

  /** Takes away what has lapsed. */
  sweep(nowMs: number): void {
    for (const [token, until] of this.tombstones) if (until < nowMs) this.tombstones.delete(token);
    for (const [token, until] of this.shares) if (until <= nowMs) this.shares.delete(token);
    this.writers.sweep(nowMs);
    this.readers.sweep(nowMs);
  }

  get isEmpty(): boolean {
    return this.tombstones.size + this.shares.size === 0 && this.writers.isEmpty && this.readers.isEmpty;
  }

  /** Whether others than that process's callers wait who want the lock for themselves; readers of any process are others. */
  doOthersWait(process: string | undefined): boolean {
    return this.readers.head !== undefined || this.writers.entries.some((entry) => entry.process !== process);
  }

  /** Live processes in line. */
  get processes(): string[] {
    return [...new Set([...this.writers.processes, ...this.readers.processes])];
  }

  bury(token: string, until: number): void {
    this.tombstones.set(token, until);
  }

  isBuried(token: string): boolean {
    return this.tombstones.has(token);
  }

  get shareCount(): number {
    return this.shares.size;
  }

  /** Each share with the end of its lease, in ms. */
  get allShares(): readonly (readonly [token: string, until: number])[] {
    return [...this.shares].sort(([, a], [, b]) => b - a);
  }

  shareUntil(token: string): number | undefined {
    return this.shares.get(token);
  }

  setShare(token: string, until: number): void {
    this.shares.set(token, until);
  }

  dropShare(token: string): void {
    this.shares.delete(token);
  }

  /** Takes away the shares that a token was granted, or all of them. */
  dropShares(granted?: string): void {
    for (const share of this.shares.keys()) if (granted === undefined || grantTokenOf(share) === granted) this.shares.delete(share);
  }
}
