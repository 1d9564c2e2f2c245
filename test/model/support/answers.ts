import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';

/** What is to be answered to a command; what may be so or so is left out. */
export interface Answer {
  readonly status: 'granted' | 'busy' | 'queued' | 'mismatch' | 'void' | 'own';
  /** The token that it is about, where the reply names one. */
  readonly token?: string;
  /** How many shares; absent where the lock is not shared. */
  readonly shares?: number;
  /** In µs. */
  readonly since?: number;
  readonly isHead?: boolean | undefined;
  /** How the lock is shared otherwise; undefined where it is held alone. */
  readonly found?: Sharing | undefined;
  /** Somebody else waits, and has to be told of. */
  readonly others?: true;
}

/** What a process is told unasked. */
export interface Told {
  readonly kind: 'granted' | 'read' | 'permit' | 'forced';
  readonly process: string;
  readonly key: string;
  readonly token: string;
  readonly shares?: number;
}

/** What is to be seen of a lock. */
export interface Seen {
  readonly owner: string | undefined;
  readonly sharing: Sharing | undefined;
  /** What is left of each share, in ms, by token. */
  readonly shares: Readonly<Record<string, number>>;
  readonly leaseLeftMs: number | undefined;
  /** Live processes in line, in their order. */
  readonly waiting: readonly string[];
}
