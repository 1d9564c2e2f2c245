import { parseDuration } from './duration.js';
import { LockOptionsError } from './errors/lock-options.error.js';
import type { IdempotencyOptions } from './idempotency/idempotency.options.js';
import { checkIdempotencyOptions } from './idempotency/idempotency-settings.js';
import { checkTtl, type EngineSettings } from './lock/lock-request.js';
import type { RedisLockModuleOptions } from './redis-lock.options.js';

/** The module's options, checked and completed, in ms. */
export interface RedisLockSettings extends EngineSettings {
  readonly keyPrefix: string;
  readonly allowEviction: boolean;
  readonly idempotency: IdempotencyOptions;
}

const KNOWN: ReadonlySet<string> = new Set<keyof RedisLockModuleOptions | 'name' | 'isGlobal'>([
  'connection',
  'keyPrefix',
  'ttl',
  'maxTtl',
  'wait',
  'maxWaiters',
  'cohort',
  'commandTimeout',
  'shutdownTimeout',
  'allowEviction',
  'idempotency',
  'name',
  'isGlobal',
]);
const LONGEST_PREFIX = 128;
const MOST_COHORT = 1_000;

/** Checks the module's options at start. @throws LockOptionsError, whose message says what to write instead */
export function redisLockSettings(options: RedisLockModuleOptions): RedisLockSettings {
  const given = checkIsGiven(options);
  for (const name of Object.keys(given)) {
    if (!KNOWN.has(name)) throw new LockOptionsError(`Unknown option '${name}'. There are: ${[...KNOWN].join(', ')}.`);
  }
  const maxTtl = positive(options.maxTtl ?? '1h', 'maxTtl');
  return {
    keyPrefix: checkPrefix(options.keyPrefix ?? 'lock:'),
    maxTtl,
    ttl: options.ttl === undefined ? Math.min(parseDuration('30s'), maxTtl) : checkTtl(options.ttl, { maxTtl }, 'ttl'),
    wait: parseDuration(options.wait ?? '5s', 'wait'),
    maxWaiters: count(options.maxWaiters ?? 10_000, 'maxWaiters'),
    cohort: cohort(options.cohort ?? 32),
    commandTimeout: positive(options.commandTimeout ?? '1s', 'commandTimeout'),
    shutdownTimeout: parseDuration(options.shutdownTimeout ?? '10s', 'shutdownTimeout'),
    allowEviction: flag(options.allowEviction ?? false, 'allowEviction'),
    idempotency: checkIdempotencyOptions(options.idempotency ?? {}, 'idempotency'),
  };
}

/** Options often come from untyped configuration. @throws LockOptionsError where there are none, or none that name a connection */
export function checkIsGiven(options: unknown): object {
  if (typeof options === 'object' && options !== null && 'connection' in options && options.connection !== undefined) return options;
  throw new LockOptionsError(
    "RedisLockModule needs a connection: forRoot({ connection: 'redis://localhost:6379' }), or 'memory' for one process.",
  );
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string' || prefix.length > LONGEST_PREFIX || /[\u0000-\u001f\u007f\s]/.test(prefix)) {
    throw new LockOptionsError(
      `keyPrefix: write text of at most ${String(LONGEST_PREFIX)} characters without spaces, for instance 'lock:'.`,
    );
  }
  if (/[{}]/.test(prefix) && !/^[^{}]*\{[^{}]+\}[^{}]*$/.test(prefix)) {
    throw new LockOptionsError("keyPrefix: braces make a hash tag, such as '{app}:'; write one, or none.");
  }
  return prefix;
}

function positive(value: string | number, name: string): number {
  const ms = parseDuration(value, name);
  if (ms === 0) throw new LockOptionsError(`${name}: 0 is too short; write for instance '1s'.`);
  return ms;
}

function count(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw new LockOptionsError(`${name}: write a whole number from 1 on.`);
  return value;
}

function cohort(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MOST_COHORT) {
    throw new LockOptionsError(`cohort: write a whole number from 0 (no local hand-off) to ${String(MOST_COHORT)}.`);
  }
  return value;
}

function flag(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new LockOptionsError(`${name}: write true or false.`);
  return value;
}
