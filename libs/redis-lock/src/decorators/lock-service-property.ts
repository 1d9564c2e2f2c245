import { Inject } from '@nestjs/common';
import type { LockService } from '../lock/lock.service.js';
import { DEFAULT_CONNECTION, getLockServiceToken } from '../redis-lock.tokens.js';

/** One symbol for each connection: a class is given each LockService once, however many of its methods are decorated. */
const properties = new Map<string, symbol>();

/**
 * Has Nest inject a connection's LockService into every instance of a class, inherited ones included, under a symbol nobody else knows.
 * Where the module is missing, Nest's error at boot quotes the symbol's description.
 */
export function injectLockService(prototype: object, connection: string): symbol {
  const property = properties.get(connection) ?? Symbol(`LockService for decorated methods: import ${registrationOf(connection)}`);
  properties.set(connection, property);
  Inject(getLockServiceToken(connection))(prototype, property);
  return property;
}

/** What Nest has injected; undefined where Nest did not make the instance. */
export function injectedLockService(instance: unknown, property: symbol): LockService | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  // Nobody but Nest writes under this symbol, and Nest writes what the token stands for.
  return (instance as Record<symbol, LockService | undefined>)[property];
}

function registrationOf(connection: string): string {
  return connection === DEFAULT_CONNECTION ? 'RedisLockModule.forRoot()' : `RedisLockModule.forRoot({ name: '${connection}' })`;
}
