import type { HandedOver, LockStore, StoreInbox } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';

/** The store of one process, and what it was told unasked. */
export interface StoreProcess {
  readonly name: string;
  readonly store: LockStore;
  /** What it was handed over; `kind` says what shares of it are for. */
  readonly granted: (HandedOver & { readonly key: string; readonly kind?: Sharing['kind'] })[];
  /** Its locks that another process waits for. */
  readonly others: string[];
  /** Locks that an operator released by force, `key token`. */
  readonly forced: string[];
  /** Grants and forced releases that it was told of, in the order of their coming, `kind token`. */
  readonly told: string[];
  token(): string;
}

/** What became of an attempt at the server. */
export type Arrival = 'granted' | 'busy' | 'stale' | 'cancelled' | 'queued' | 'mismatch';

/** What became of a token in line at the server. */
export type ServerPlace = 'granted' | 'queued';

/** A token that is to be put in line, or its lease set anew. */
export interface ArrivingPlace {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly deadlineMs: number;
  readonly sharing?: Sharing | undefined;
}

/** An attempt. `queues`: it stands in line if it must, as one whose subscription works, or may not. */
export interface ArrivingAttempt extends ArrivingPlace {
  readonly queues?: boolean | 'unsubscribed';
  /** How many shares are wanted. Default 1 */
  readonly count?: number;
}

/** A kind of store to be tested, on an empty server. */
export interface StoreStage {
  /** One more process. */
  connect(): Promise<StoreProcess>;
  /** Lets that much time pass at the server. */
  pass(ms: number): Promise<void>;
  /** An attempt arrives whose deadline is that far from now, of a process that may have ended. */
  arrive(attempt: ArrivingAttempt): Promise<Arrival>;
  /** An extension arrives whose deadline is that far from now. */
  arriveExtension(extension: ArrivingPlace): Promise<boolean | 'stale'>;
  /** A downgrade arrives whose deadline is that far from now. */
  arriveDowngrade(downgrade: ArrivingPlace): Promise<boolean | 'stale'>;
  /** An attempt to get several locks at once arrives whose deadline is that far from now. */
  arriveTogether(
    claims: readonly { readonly key: string; readonly token: string }[],
    leaseMs: number,
    deadlineMs: number,
  ): Promise<'granted' | 'busy' | 'stale'>;
  /** A heartbeat arrives whose deadline is that far from now. */
  arriveHeartbeat(heartbeat: ArrivingPlace & { readonly current: string }): Promise<ServerPlace | 'own' | 'stale'>;
  /** A release arrives with a token to queue, whose deadline is that far from now. */
  arriveRelease(
    release: ArrivingPlace & { readonly of: string },
  ): Promise<{ readonly released: boolean; readonly next: ServerPlace | undefined }>;
  /** What the server's clock shows, in µs. */
  now(): Promise<number>;
  /** Lets the server's clock stand before the last fence that was used. */
  useFence(fence: number): Promise<void>;
  /** Lets the server forget all locks and queues, as after a restart. */
  loseData(): Promise<void>;
  stop(): Promise<void>;
}

export const COMMAND_TIMEOUT = 1_000;

/** A process in line counts as alive for this long after it was heard of, in ms. */
export const LIVE_MS = COMMAND_TIMEOUT + 1_000;

/** What a process writes down of what it is told. */
export function notingInbox(name: string, { granted, others, forced, told }: Omit<StoreProcess, 'name' | 'store' | 'token'>): StoreInbox {
  return {
    process: name,
    onGranted: (key, grant) => {
      granted.push({ key, ...grant });
      told.push(`granted ${grant.token}`);
    },
    onShared: (key, kind, grant) => {
      granted.push({ key, kind, ...grant });
      told.push(`granted ${grant.token}`);
    },
    onOthersWait: (key) => others.push(key),
    onForced: (key, token) => {
      forced.push(`${key} ${token}`);
      told.push(`forced ${token}`);
    },
  };
}
