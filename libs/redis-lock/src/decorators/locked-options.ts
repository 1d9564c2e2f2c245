import type { LockBusyError } from '../errors/lock-busy.error.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { LOCK_OPTION_NAMES, lockRequest } from '../lock/lock-request.js';
import type { LockOptions } from '../lock/lock-options.js';
import { DEFAULT_CONNECTION } from '../redis-lock.tokens.js';

/**
 * Answers a call whose lock was busy: gets the error and the call's arguments, with `this` as in the method; what it returns or throws is what
 * the call ends with. Its own parameters may be of any type; the compiler holds them against the method's.
 */
export type BusyAnswer = { answer(error: LockBusyError, ...args: unknown[]): unknown }['answer'];

/** What a call does when its lock is busy. */
export type OnBusy = 'throw' | 'skip' | BusyAnswer;

/** What a decorator does with its lock. */
export interface LockingOptions<B extends OnBusy = OnBusy> {
  /**
   * When the lock is not to be had in time: `'throw'` rejects with the LockBusyError, `'skip'` resolves to undefined, and a function answers
   * instead of the method. A LockBusyError of another lock, thrown inside the method, always passes. Default `'throw'`.
   */
  onBusy?: B;
  /** The text of the LockBusyError, for the end user: LockExceptionFilter shows it. Default: a sentence that names the lock. */
  message?: string;
  /** The name of the connection, as in `forRoot({ name })`. Default `'default'`. */
  connection?: string;
}

/** Options of `@Locked`: those of the lock, and what the decorator does with it. */
export interface LockedOptions<B extends OnBusy = OnBusy> extends LockOptions, LockingOptions<B> {}

/** The options of a decorator, checked and taken apart. */
export interface CheckedOptions<L = LockOptions | undefined> {
  /** Undefined where everything is as the module says. */
  readonly lock: L;
  readonly onBusy: OnBusy;
  readonly message: string | undefined;
  readonly connection: string;
}

/** Bounds that no module sets any wider, maxTtl being the longest duration: what does not fit into these fits into none. */
const WIDEST = { ttl: 30_000, maxTtl: 2_147_483_647, wait: 0, maxWaiters: 1, cohort: 0, commandTimeout: 1_000, shutdownTimeout: 0 };
const LOCKING_NAMES: readonly string[] = ['onBusy', 'message', 'connection'] satisfies (keyof LockingOptions)[];

/** The options of `@Locked`. */
export const LOCKED_OPTION_NAMES: readonly string[] = [...LOCK_OPTION_NAMES, ...LOCKING_NAMES];

/**
 * Refuses options that the decorator does not have.
 * @throws LockOptionsError
 */
export function checkNames(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new LockOptionsError(`Unknown option '${unknown}'. There are: ${names.join(', ')}.`);
}

/**
 * Checks as much as can be checked before the module's own settings are known; the rest is checked by each call.
 * @param given a ttl, or options
 * @param names what options there are
 * @throws LockOptionsError, whose message begins with the option's name
 */
export function readOptions(given: unknown, names = LOCKED_OPTION_NAMES): CheckedOptions {
  if (given === null || Array.isArray(given)) throw new LockOptionsError("write a ttl, '10s', or options, { ttl: '10s', wait: 0 }.");
  const options = typeof given === 'object' ? given : { ttl: given };
  checkNames(options, names);
  // The names are right; what stands under them is checked below.
  const { onBusy = 'throw', message, connection = DEFAULT_CONNECTION, ...lock } = options as LockedOptions;
  lockRequest(lock, WIDEST);
  const isSet = Object.values<unknown>(lock).some((value) => value !== undefined);
  return {
    lock: isSet ? Object.freeze(lock) : undefined,
    onBusy: checkOnBusy(onBusy),
    message: checkMessage(message),
    connection: checkConnection(connection),
  };
}

function checkOnBusy(onBusy: unknown): OnBusy {
  if (onBusy === 'throw' || onBusy === 'skip') return onBusy;
  // It is called through Reflect.apply, with what the method was called with.
  if (typeof onBusy === 'function') return onBusy as BusyAnswer;
  throw new LockOptionsError("onBusy: write 'throw', 'skip', or a function of the error and the method's arguments.");
}

function checkMessage(message: unknown): string | undefined {
  if (message === undefined || (typeof message === 'string' && message.trim() !== '')) return message;
  throw new LockOptionsError('message: write the text of the error, or leave it out.');
}

function checkConnection(connection: unknown): string {
  if (typeof connection === 'string' && connection.trim() !== '') return connection;
  throw new LockOptionsError("connection: write the name that forRoot({ name: 'jobs' }) gave it, or leave it out.");
}
