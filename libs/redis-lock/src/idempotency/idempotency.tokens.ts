import type { LockLog } from '../runtime/lock-log.js';
import type { IdempotencyEngine } from './idempotency-engine.js';
import type { RoutePlans } from './routes/route-plans.js';

/** The token of {@link IdempotencyParts}. Nest quotes it where the module is missing. */
export const IDEMPOTENCY = 'Idempotency (import RedisLockModule.forRoot(), without a name)';

/** What interceptor, service and boot check share. */
export interface IdempotencyParts {
  readonly engine: IdempotencyEngine;
  readonly plans: RoutePlans;
  readonly log: LockLog;
}
