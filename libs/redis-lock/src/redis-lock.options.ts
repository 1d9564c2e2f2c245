import type { Duration } from './duration.js';
import type { IdempotencyOptions } from './idempotency/idempotency.options.js';
import type { RedisConnection } from './store/redis/connection.js';

/** A Redis connection, or `'memory'` for one process without Redis: unit tests and first steps. */
export type LockConnection = RedisConnection | 'memory';

/** Options of `RedisLockModule.forRoot()`; everything but `connection` has a default. */
export interface RedisLockModuleOptions {
  connection: LockConnection;
  /** Put before every key and channel. Default `'lock:'`. */
  keyPrefix?: string;
  /** Lease of a lock whose holder says nothing else. Default `'30s'`. */
  ttl?: Duration;
  /** A larger ttl is refused. Default `'1h'`. */
  maxTtl?: Duration;
  /** How long a caller stands in line by default; 0 is one attempt. Default `'5s'`. */
  wait?: Duration;
  /** Local callers that may wait for one key; one more gets a LockBusyError at once. Default 10_000. */
  maxWaiters?: number;
  /**
   * How many callers of one process may follow each other without Redis once another process is known to wait for the same lock; a turn ends
   * after 10 ms as well. Without limit while none is known. 1 alternates between processes; 0: every hand-off goes through Redis. Default 32
   */
  cohort?: number;
  /** How long one command may take, and how long an attempt may lie on its way before the server ignores it. Default `'1s'`. */
  commandTimeout?: Duration;
  /** How long running sections may take to end at shutdown. Default `'10s'`. */
  shutdownTimeout?: Duration;
  /** Accept a server whose maxmemory-policy may evict locks. Default false: such a server is refused at start. */
  allowEviction?: boolean;
  /** Defaults of `@Idempotent()`; its `scope` is also that of `@PreventDuplicate()`. On the connection without a name only. */
  idempotency?: IdempotencyOptions;
}

/** What is static in `forRoot` and `forRootAsync`: it must be known before the options are made. */
export interface RedisLockModuleExtras {
  /** The connection's name, for `@InjectLockService(name)` and `@Locked(key, { connection: name })`. Default `'default'`. */
  name?: string;
  /** Whether the services can be injected everywhere. Default true. */
  isGlobal?: boolean;
}
