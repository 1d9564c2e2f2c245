import type { Clock, Timers } from '../../runtime/clock.js';
import type { Sharing } from '../../store/sharing.js';
import type { LeaseKeeper } from '../lease-keeper.js';
import type { LockStore } from '../../store/lock-store.interface.js';
import type { Attempts } from '../attempts.js';
import type { Entries } from '../entries.js';
import type { Hold } from '../hold.js';
import type { EngineSettings } from '../lock-request.js';
import type { TokenSource } from '../token-source.js';
import type { UnderWay } from '../under-way.js';

/** What a line of waiting callers needs. */
export interface LineParts {
  readonly store: LockStore;
  readonly attempts: Attempts;
  readonly entries: Entries;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly tokens: TokenSource;
  readonly settings: EngineSettings;
  readonly random: () => number;
  /** Gives back a hold that came for a caller who had gone. */
  readonly returnUnused: (hold: Hold) => void;
  readonly underWay: UnderWay;
  /** Whether a caller of this process has that token's lock, or is about to, or it is kept for the rest of a minimum hold. */
  readonly isInUse: (key: string, token: string) => boolean;
  /** Undoes whatever a token of ours got, or may still get; `leaseMs` is the longest lease that it may have got. Never rejects. */
  readonly takeBack: (key: string, token: string, leaseMs?: number, sharing?: Sharing) => void;
  /** Leaves the line. Never rejects. */
  readonly leave: (key: string, token: string, sharing?: Sharing) => void;
  /** Gives back a share that nobody took, of a lease of that length at most. Never rejects. */
  readonly returnShare: (key: string, token: string, leaseMs: number, sharing: Sharing) => void;
  readonly keeper: LeaseKeeper;
}
