import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';

/** A process in line, by one token. */
export interface Entry {
  readonly token: string;
  readonly process: string;
  /** Undefined for the lock as a whole. */
  readonly sharing: Sharing | undefined;
  /** How many shares it wants at once. */
  count: number;
  /** The lease of a grant that it is handed unasked, in ms. */
  readonly graceMs: number;
  /** When its process first queued, in ms. */
  readonly since: number;
}

/** What the server knows of a process in line, until it has to be heard of again. */
interface Known {
  hearing: 'confirmed' | 'unknown' | 'passed over';
  readonly until: number;
}

/** One of a lock's two lines, as the protocol describes it: who waits, in their order, and who of them is alive. */
export class ReferenceLine {
  private readonly known = new Map<string, Known>();
  private entries: Entry[] = [];

  find(token: string): Entry | undefined {
    return this.entries.find((entry) => entry.token === token);
  }

  entryOf(process: string): Entry | undefined {
    return this.entries.find((entry) => entry.process === process);
  }

  /** The process keeps the place of the time when it first queued. */
  stand(entry: Entry, hears: boolean, until: number): void {
    this.entries = [...this.entries, entry].sort((a, b) => a.since - b.since);
    this.known.set(entry.process, { hearing: hears ? 'confirmed' : 'unknown', until });
  }

  /** A heartbeat: it is alive. Once passed over, or not known to hear, a heartbeat has to tell it what it is granted. */
  heardOf(process: string, hears: boolean, now: number, until: number): void {
    const doubted = this.isAlive(process, now) && this.known.get(process)?.hearing !== 'confirmed';
    this.known.set(process, { hearing: hears && !doubted ? 'confirmed' : 'unknown', until });
  }

  remove({ token, process }: Entry): void {
    this.entries = this.entries.filter((entry) => entry.token !== token);
    if (this.entryOf(process) === undefined) this.known.delete(process);
  }

  /** A message to it reached nobody: it keeps its place, and is not called again until it is heard of. */
  passOver(process: string): void {
    const known = this.known.get(process);
    if (known !== undefined) known.hearing = 'passed over';
  }

  isAlive(process: string, now: number): boolean {
    return (this.known.get(process)?.until ?? -Infinity) > now;
  }

  /** Whether a message that reaches nobody means that it is gone. */
  isConfirmed(process: string): boolean {
    return this.known.get(process)?.hearing === 'confirmed';
  }

  /** Those whose turn may come, in their order: alive and not passed over, or the one that asks. */
  callable(now: number, asking?: string): Entry[] {
    return this.entries.filter(
      ({ token, process }) => this.isAlive(process, now) && (token === asking || this.known.get(process)?.hearing !== 'passed over'),
    );
  }

  /** Live processes in line. */
  waiting(now: number): string[] {
    return this.entries.filter(({ process }) => this.isAlive(process, now)).map(({ process }) => process);
  }

  /** Whether a token is first in line; undefined where only the dead are before it, who may have been taken out or not. */
  isFirst(token: string, now: number): boolean | undefined {
    const before = this.entries.slice(
      0,
      this.entries.findIndex((entry) => entry.token === token),
    );
    if (before.some(({ process }) => this.isAlive(process, now))) return false;
    return before.length === 0 ? true : undefined;
  }

  forgetAll(): void {
    this.known.clear();
    this.entries = [];
  }
}
