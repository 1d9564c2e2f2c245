import { processOf } from '../lock-store.interface.js';
import type { Sharing } from '../sharing.js';

/** What is known of a process in line: `subscribed` it hears messages, `unknown`, `passed-over` since a message to it reached nobody. */
export type Mark = 'subscribed' | 'unknown' | 'passed-over';

/** What an entry asks for. */
export interface EntryTerms {
  /** The lease of a grant that is handed over to it, in ms. */
  readonly graceMs: number;
  /** When its process first queued, in µs. */
  readonly since: number;
  /** Undefined for the lock as a whole. */
  readonly sharing: Sharing | undefined;
  /** How many shares it wants at once. */
  readonly count: number;
}

/** A process in line. */
export interface Entry extends EntryTerms {
  readonly token: string;
  readonly process: string;
}

interface Liveness {
  readonly mark: Mark;
  /** In ms. */
  readonly until: number;
}

/** Processes in line, one entry each, and what is known of them. As the Lua includes queue.lua and marks.lua have it. */
export class MemoryLine {
  private readonly marks = new Map<string, Liveness>();
  private queue: readonly Entry[] = [];

  /** Takes away what has lapsed. */
  sweep(nowMs: number): void {
    for (const [process, { until }] of this.marks) if (until < nowMs) this.marks.delete(process);
  }

  get isEmpty(): boolean {
    return this.marks.size === 0;
  }

  /** Everybody in line, in their order. */
  get entries(): readonly Entry[] {
    return this.queue;
  }

  get head(): Entry | undefined {
    return this.queue[0];
  }

  /** Live processes, in their order. */
  get processes(): string[] {
    return this.queue.filter(({ process }) => this.marks.has(process)).map(({ process }) => process);
  }

  /** Whether somebody waits who is alive and was not passed over. */
  get isWaiting(): boolean {
    return this.queue.some(({ process }) => (this.markOf(process) ?? 'passed-over') !== 'passed-over');
  }

  find(token: string): Entry | undefined {
    return this.queue.find((entry) => entry.token === token);
  }

  entryOf(process: string): Entry | undefined {
    return this.queue.find((entry) => entry.process === process);
  }

  add(token: string, terms: EntryTerms): Entry {
    const entry = { ...terms, token, process: processOf(token) ?? '' };
    this.queue = [...this.queue.filter((other) => other.token !== token), entry].sort((a, b) => a.since - b.since);
    return entry;
  }

  remove(entry: Entry): void {
    this.queue = this.queue.filter((other) => other !== entry);
  }

  markOf(process: string): Mark | undefined {
    return this.marks.get(process)?.mark;
  }

  setMark(process: string, mark: Mark, until: number): void {
    this.marks.set(process, { mark, until });
  }

  /** The same process, known otherwise. */
  remark(process: string, mark: Mark): void {
    const known = this.marks.get(process);
    if (known !== undefined) this.marks.set(process, { ...known, mark });
  }

  unmark(process: string): void {
    this.marks.delete(process);
  }

  /** The first entry that is alive and not passed over, unless it is the asking token's; dead ones go. */
  next(own: string | undefined, from: number): { entry: Entry; at: number } | undefined {
    let at = from;
    for (;;) {
      const entry = this.queue[at];
      if (entry === undefined) return undefined;
      const mark = this.markOf(entry.process);
      if (mark === undefined) this.remove(entry);
      else if (mark === 'passed-over' && entry.token !== own) at++;
      else return { entry, at };
    }
  }
}
