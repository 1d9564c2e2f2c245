import { types } from 'node:util';
import { parseDuration } from '../duration.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { atPlace } from './at-place.js';
import { parseByteSize } from './byte-size.js';
import { isFieldName } from './field-name.js';
import type { IdempotencyOptions } from './idempotency.options.js';
import { scopeOfRequest, type ScopeOf } from './request-scope.js';
import { storedHeaders, type IsStoredHeader } from './stored-headers.js';

/** What holds for one route: the options of module, class and method, checked and completed. Times in ms. */
export interface IdempotencySettings {
  readonly scopeOf: ScopeOf;
  readonly ttlMs: number;
  readonly leaseMs: number;
  /** As it was written. */
  readonly header: string;
  readonly required: boolean;
  readonly concurrency: NonNullable<IdempotencyOptions['concurrency']>;
  readonly waitMs: number;
  readonly storeErrors: NonNullable<IdempotencyOptions['storeErrors']>;
  readonly onLeaseExpired: NonNullable<IdempotencyOptions['onLeaseExpired']>;
  readonly onStoreError: NonNullable<IdempotencyOptions['onStoreError']>;
  readonly fingerprint: IdempotencyOptions['fingerprint'];
  readonly maxBodyBytes: number;
  readonly isStored: IsStoredHeader;
  /** Present together with `decrypt`, or not at all. */
  readonly encrypt: IdempotencyOptions['encrypt'];
  readonly decrypt: IdempotencyOptions['decrypt'];
}

/** A shorter lease could not be renewed in time. */
const SHORTEST_LEASE_MS = 100;
const DEFAULT_LEASE_MS = 30_000;

/** What each option must be. All that can be said without the others is said here. */
const CHECKS: Readonly<Record<keyof IdempotencyOptions, (value: unknown, name: string) => unknown>> = {
  scope: (value) => scopeOfRequest(value, ''),
  ttl: lifetime,
  lease: lifetime,
  header: fieldName,
  required: flag,
  concurrency: oneOf('reject', 'wait'),
  wait: duration,
  storeErrors: oneOf('none', '4xx', 'all'),
  onLeaseExpired: oneOf('retry', 'block'),
  onStoreError: oneOf('closed', 'open'),
  fingerprint: synchronous,
  maxBody: parseByteSize,
  headers: storedHeaders,
  encrypt: aFunction,
  decrypt: aFunction,
};

/**
 * Completes the options of one route.
 * @param layers the module's, the class's and the method's options; each later one wins, option by option
 * @param place for messages: `@Idempotent on OrdersController.create`
 * @throws LockOptionsError, whose message says what to write instead
 */
export function idempotencySettings(layers: readonly (IdempotencyOptions | undefined)[], place: string): IdempotencySettings {
  const options = merged(layers.map((layer) => checkIdempotencyOptions(layer ?? {}, place)));
  return atPlace(place, () => {
    const ttlMs = lifetime(options.ttl ?? '24h', 'ttl');
    return {
      scopeOf: scopeOfRequest(options.scope, place),
      ttlMs,
      leaseMs: leaseWithin(ttlMs, options.lease),
      header: options.header ?? 'Idempotency-Key',
      required: options.required ?? true,
      concurrency: options.concurrency ?? 'reject',
      waitMs: duration(options.wait ?? '10s', 'wait'),
      storeErrors: options.storeErrors ?? 'none',
      onLeaseExpired: options.onLeaseExpired ?? 'retry',
      onStoreError: options.onStoreError ?? 'closed',
      fingerprint: options.fingerprint,
      maxBodyBytes: parseByteSize(options.maxBody ?? '256kb', 'maxBody'),
      isStored: storedHeaders(options.headers, 'headers'),
      encrypt: options.encrypt,
      decrypt: options.decrypt,
    };
  });
}

/**
 * Checks one layer of options, which often comes from untyped configuration; what is missing in it may come from another.
 * @param place for messages: `The module's idempotency`
 * @throws LockOptionsError
 */
export function checkIdempotencyOptions(options: unknown, place: string): IdempotencyOptions {
  return atPlace(place, () => {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new LockOptionsError("the options are an object, for instance { scope: 'global', ttl: '24h' }.");
    }
    for (const [name, value] of Object.entries(options)) {
      if (!isOptionName(name)) throw new LockOptionsError(`Unknown option '${name}'. There are: ${Object.keys(CHECKS).join(', ')}.`);
      if (value === null) throw new LockOptionsError(`${name}: null says nothing; leave the option out.`);
      if (value !== undefined) CHECKS[name](value, name);
    }
    // Every option in it has just been checked.
    const checked = options as IdempotencyOptions;
    if ((checked.encrypt === undefined) !== (checked.decrypt === undefined)) {
      const [given, missing] = checked.decrypt === undefined ? ['encrypt', 'decrypt'] : ['decrypt', 'encrypt'];
      throw new LockOptionsError(`${missing}: there is only ${given}. Write both in the same place, or none.`);
    }
    return checked;
  });
}

/** Option by option; undefined is not a value. */
function merged(layers: readonly IdempotencyOptions[]): IdempotencyOptions {
  const options: IdempotencyOptions = {};
  for (const layer of layers) {
    Object.assign(options, Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)));
  }
  return options;
}

function isOptionName(name: string): name is keyof IdempotencyOptions {
  return Object.hasOwn(CHECKS, name);
}

/** A default lease gives way to a short ttl; one that was written does not. */
function leaseWithin(ttlMs: number, lease: IdempotencyOptions['lease']): number {
  if (lease === undefined) return Math.min(DEFAULT_LEASE_MS, ttlMs);
  const leaseMs = lifetime(lease, 'lease');
  if (leaseMs <= ttlMs) return leaseMs;
  throw new LockOptionsError(
    `lease: ${String(leaseMs)} ms is more than ttl (${String(ttlMs)} ms). It is renewed while the handler runs, so a short one will do; or raise ttl.`,
  );
}

function lifetime(value: unknown, name: string): number {
  const ms = duration(value, name);
  if (ms >= SHORTEST_LEASE_MS) return ms;
  throw new LockOptionsError(`${name}: ${String(ms)} ms is too short; write at least '${String(SHORTEST_LEASE_MS)}ms'.`);
}

function duration(value: unknown, name: string): number {
  // parseDuration refuses whatever is neither.
  return parseDuration(value as string | number, name);
}

function fieldName(value: unknown, name: string): void {
  if (!isFieldName(value)) throw new LockOptionsError(`${name}: write the name of a header, such as 'Idempotency-Key'.`);
}

function flag(value: unknown, name: string): void {
  if (typeof value !== 'boolean') throw new LockOptionsError(`${name}: write true or false.`);
}

function oneOf(...values: readonly string[]): (value: unknown, name: string) => void {
  return (value, name) => {
    if (typeof value === 'string' && values.includes(value)) return;
    throw new LockOptionsError(`${name}: write ${values.map((text) => `'${text}'`).join(' or ')}.`);
  };
}

function aFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new LockOptionsError(`${name}: write a function of the reply's bytes that returns bytes.`);
}

function synchronous(value: unknown, name: string): void {
  if (typeof value !== 'function') {
    throw new LockOptionsError(`${name}: write a function of the request that returns what must be equal: text, JSON or bytes.`);
  }
  if (types.isAsyncFunction(value)) {
    throw new LockOptionsError(`${name}: the function must return the value itself, not a promise. Look up what it needs in a guard.`);
  }
}
