export { Limited } from './decorators/limited.decorator.js';
export type { LimitedOptions } from './decorators/limited-options.js';
export { LockKey } from './decorators/lock-key.decorator.js';
export type { LockKeySource, OneKeySource } from './decorators/lock-key-source.js';
export { Locked } from './decorators/locked.decorator.js';
export type { BusyAnswer, LockedOptions, LockingOptions, OnBusy } from './decorators/locked-options.js';
export type { LockingDecorator } from './decorators/locking-decorator.js';
export { ReadLocked } from './decorators/read-locked.decorator.js';
export type { ReadWriteLockedOptions } from './decorators/read-write-options.js';
export { WriteLocked } from './decorators/write-locked.decorator.js';
export { parseDuration, type Duration } from './duration.js';
export { LockError, type LockErrorCode } from './errors/lock.error.js';
export { LockBusyError, type LockBusyDetails } from './errors/lock-busy.error.js';
export type { LockProblem } from './errors/lock-problem.js';
export { LockKeyError } from './errors/lock-key.error.js';
export { LockLostError, type LockLossReason } from './errors/lock-lost.error.js';
export { LockOptionsError } from './errors/lock-options.error.js';
export { LockStoreError } from './errors/lock-store.error.js';
export { AttemptLostError, type AttemptLossReason } from './idempotency/attempt-lost.error.js';
export { IdempotencyContext } from './idempotency/idempotency-context.decorator.js';
export type { IdempotencyErrorCode, IdempotencyProblem } from './idempotency/idempotency-problem.js';
export { IdempotencyException, type IdempotencyExceptionDetails } from './idempotency/idempotency.exception.js';
export { IdempotencyInterceptor } from './idempotency/idempotency.interceptor.js';
export type {
  ByteSize,
  IdempotencyOptions,
  IdempotencyScope,
  PreventDuplicateOptions,
  StoredHeaders,
} from './idempotency/idempotency.options.js';
export { IdempotencyService, type IdempotencyRecord } from './idempotency/idempotency.service.js';
export { Idempotent } from './idempotency/idempotent.decorator.js';
export { PreventDuplicate } from './idempotency/prevent-duplicate.decorator.js';
export type { Lock, LockSet, SharedLock, SingleLock } from './lock/lock.js';
export type { LockOptions, PermitOptions, ReadLockOptions, RetryPolicy } from './lock/lock-options.js';
export type { LockHolder, LockState } from './lock/lock-state.js';
export { LockService } from './lock/lock.service.js';
export { LockExceptionFilter } from './lock-exception.filter.js';
export { RedisLockModule } from './redis-lock.module.js';
export type { LockConnection, RedisLockModuleExtras, RedisLockModuleOptions } from './redis-lock.options.js';
export { getLockServiceToken, InjectLockService } from './redis-lock.tokens.js';
export type { ClusterConnection, RedisConnection } from './store/redis/connection.js';
export type { StoredRecord } from './store/record-store.interface.js';
