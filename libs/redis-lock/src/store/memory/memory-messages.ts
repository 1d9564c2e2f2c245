import type { Sharing } from '../sharing.js';
import type { GrantReply, HandedOver, PlaceReply, VoidReply } from '../lock-store.interface.js';

/** A message to one process, as the Redis scripts publish them. */
export type ServerMessage =
  | { readonly kind: 'granted'; readonly key: string; readonly grant: HandedOver }
  | { readonly kind: 'shared'; readonly key: string; readonly sharing: Sharing; readonly grant: HandedOver }
  | { readonly kind: 'others'; readonly key: string }
  | { readonly kind: 'forced'; readonly key: string; readonly token: string };

/** How a token is put in line. */
export interface ArrivingStanding {
  readonly graceMs: number;
  /** In µs; undefined for now. */
  readonly since: number | undefined;
  /** How long its process lives unheard of, in ms. */
  readonly liveMs: number;
  /** Whether a message that reaches nobody means that the process is gone. */
  readonly hears: boolean;
  /** Undefined for the lock as a whole. */
  readonly sharing?: Sharing | undefined;
  /** How many shares are wanted at once. */
  readonly count?: number | undefined;
}

/** An attempt as it arrives: its deadline is in the server's time, µs. */
export interface ArrivingGrant {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly deadline: number;
  readonly reserve: number;
  readonly queue: ArrivingStanding | undefined;
}

/** A token to be put in line, as it arrives. */
export interface ArrivingPlace extends ArrivingStanding {
  readonly token: string;
  readonly leaseMs: number;
  readonly deadline: number;
}

/** A heartbeat as it arrives. */
export interface ArrivingHeartbeat extends ArrivingPlace {
  readonly key: string;
  readonly current: string;
}

/** Reply to an attempt; `now` is the server's time in µs. */
export type ServerGrantReply = { readonly now: number } & (
  Exclude<GrantReply, VoidReply> | { readonly status: 'stale' } | { readonly status: 'cancelled' }
);

/** Reply to a heartbeat. */
export type ServerHeartbeatReply = { readonly now: number } & (
  PlaceReply | { readonly status: 'own'; readonly token: string } | { readonly status: 'stale' }
);
