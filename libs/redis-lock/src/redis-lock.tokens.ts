import { Inject, type InjectionToken } from '@nestjs/common';
import { LockService } from './lock/lock.service.js';

/** The name of a connection that was given none. */
export const DEFAULT_CONNECTION = 'default';

/** The token of a registration's own options. */
export const REDIS_LOCK_OPTIONS = 'RedisLockModuleOptions';

/** The token of a connection's engine, which its service and its lifecycle share. */
export function getLockEngineToken(name: string): string {
  return `LockEngine(${name})`;
}

/** The injection token of a connection's LockService: the class itself for the default one. */
export function getLockServiceToken(name: string = DEFAULT_CONNECTION): InjectionToken<LockService> {
  return name === DEFAULT_CONNECTION ? LockService : `LockService(${name})`;
}

/** Injects the LockService of a named connection: `constructor(@InjectLockService('jobs') private readonly locks: LockService)`. */
export function InjectLockService(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getLockServiceToken(name));
}
