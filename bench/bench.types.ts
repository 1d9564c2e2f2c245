/** What an engine is opened with. */
export interface Opening {
  readonly url: string;
  /** Lease of every lock, ms. */
  readonly ttl: number;
  /** How long a tuned peer may go on trying for one lock, ms. */
  readonly patience: number;
  /** How long a caller of ours may wait, ms, where that is not the default. */
  readonly wait?: number;
}

export interface Held {
  release(): Promise<unknown>;
  /** Reads the handle's signal, where it has one that is made when it is first read. */
  readSignal?(): void;
}

/** One user of locks: what an application instance has. */
export interface Engine {
  /** Runs the section under the lock. Rejects where the lock could not be had. */
  withLock(key: string, section: () => void | Promise<void>): Promise<unknown>;
  /** Takes a lock that stays until it is released, renewed where the package does that. */
  hold(key: string): Promise<Held>;
  close(): Promise<unknown>;
}

export type Family = 'ours' | 'cohort 0' | 'reference' | 'floor' | 'scripts' | 'unlocked' | 'peer' | 'tuned peer';

export interface Adapter {
  readonly id: string;
  readonly family: Family;
  /** The options that it runs with, for the report. */
  readonly options: string;
  /** Commands that it sends by themselves; EVAL, EVALSHA, SCRIPT and SUBSCRIBE always are. Everything else ran inside of a script. */
  readonly direct?: readonly string[];
  /** Whether a held lock is renewed without being asked. */
  readonly renews: boolean;
  open(opening: Opening): Promise<Engine>;
}

export interface LoadJob {
  readonly role: 'load';
  readonly callers: number;
  /** One lock for all of them, or one for each. */
  readonly keys: 'shared' | 'own';
  /** 0: an empty synchronous section. */
  readonly sectionMs: number;
  /** For how long each engine runs by itself before, in ms. Default: 150. */
  readonly warmUpMs?: number;
  readonly measureMs: number;
  /** How long attempts under way may take after that. */
  readonly drainMs: number;
}

export interface HoldingJob {
  readonly role: 'holding';
  readonly locks: number;
  /** From when on renewals are in their rhythm. */
  readonly settleMs: number;
  readonly measureMs: number;
}

export interface MemoryJob {
  readonly role: 'memory';
  readonly locks: number;
  readonly waiters: number;
}

export interface WaitingJob {
  readonly role: 'waiting';
  readonly settleMs: number;
  readonly measureMs: number;
}

export interface AbandonedJob {
  readonly role: 'abandoned';
  /** Locks with one holder and one caller each, whose wait ends about when the holder releases. */
  readonly locks: number;
  readonly waitMs: number;
}

export type Work = LoadJob | HoldingJob | MemoryJob | WaitingJob | AbandonedJob;

export interface Assignment {
  readonly adapter: string;
  readonly opening: Opening;
  readonly key: string;
  readonly engines: number;
  readonly work: Work;
}

/** Times are ms on the clock that all processes of one machine share. */
export interface LoadResult {
  readonly start: number;
  readonly end: number;
  /** Four numbers for each section: request, entry, exit, caller. */
  readonly sections: Float64Array;
  readonly callers: number;
  readonly attempts: number;
  /** By the name of the error. */
  readonly failures: Record<string, number>;
  /** Attempts that were neither served nor refused when the run was ended. */
  readonly unserved: number;
  /** The longest that a caller waited in vain, ms. */
  readonly longestInVain: number;
}

/** Figures of one trial; what a scenario does not measure is absent. */
export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly processes: number;
  readonly engines: number;
  readonly ttl?: number;
  readonly work: Work;
  /** How many rounds each family takes part in; a family that is absent takes part in none. */
  readonly rounds: Readonly<Partial<Record<Family, number>>>;
}

export interface Turn {
  readonly scenario: string;
  readonly adapter: string;
  readonly round: number;
}

export interface Trial extends Turn {
  readonly figures: Figures;
  readonly errors: Readonly<Record<string, number>>;
}

export interface Results {
  readonly date: string;
  readonly quick: boolean;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly scenarios: readonly Scenario[];
  readonly trials: readonly Trial[];
  /** What the time did not suffice for. */
  readonly leftOut: readonly Turn[];
}
