/**
 * Commands come at instants that can be divided by 4, leases and liveness end at odd ones and tombstones at the others, in ms: whether
 * something ends with the last millisecond or after it is not what this is about, and the stores may differ in it.
 */
export const TICK_MS = 4;
export const COMMAND_TIMEOUT = 1_001;
/** A process in line counts as alive for this long after it was heard of. */
export const LIVE_MS = COMMAND_TIMEOUT + 1_000;
export const TOMBSTONE_MS = 2 * COMMAND_TIMEOUT;
/** The lease of a grant that is handed over unasked. */
export const GRACE_MS = 1_501;
export const START_MS = Date.UTC(2026, 0, 1);
export const LEASES_MS = [51, 301, 301, 4_001, 20_001, 20_001] as const;
export const PASSES_MS = [4, 40, 40, 200, 200, 1_000, 2_000, 4_000] as const;
