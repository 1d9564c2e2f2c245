import type { Instant } from '../../runtime/clock.js';
import type { LockRequest } from '../lock-request.js';

/** A caller who is willing to wait. */
export interface WaitRequest {
  readonly key: string;
  readonly request: LockRequest;
  /** When the caller called; `request.waitMs` counts from here. */
  readonly since: Instant;
  /** Aborts when this caller is turned away. */
  readonly gate: AbortSignal;
}

/** Whatever may send this caller away. */
export function signalsOf({ request, gate }: WaitRequest): AbortSignal[] {
  return request.signal === undefined ? [gate] : [request.signal, gate];
}
