import type { Instant } from '../runtime/clock.js';
import type { HandedOver } from '../store/lock-store.interface.js';

/** A lock that came to this process while it stood in line. */
export interface Arrival {
  readonly grant: HandedOver;
  /** When a command was sent that the grant cannot be older than. */
  readonly sent: Instant;
  readonly leaseMs: number;
}
