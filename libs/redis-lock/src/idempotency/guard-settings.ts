import { LockOptionsError } from '../errors/lock-options.error.js';
import { parseDuration } from '../duration.js';
import { atPlace } from './at-place.js';
import { guardKey, type GuardKeyOf } from './guard-key.js';
import type { IdempotencyScope, PreventDuplicateOptions } from './idempotency.options.js';
import { scopeOfRequest, type ScopeOf } from './request-scope.js';

/** What a `@PreventDuplicate()` says, checked and completed. */
export interface GuardSettings {
  readonly keyOf: GuardKeyOf;
  /** Whether the key is the user's function, which may know what to do where there is no HTTP request. */
  readonly isKeyFunction: boolean;
  readonly scopeOf: ScopeOf;
  readonly windowMs: number;
  readonly release: NonNullable<PreventDuplicateOptions['release']>;
  readonly status: number;
  /** For the end user; undefined where the default sentence will do. */
  readonly message: string | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof PreventDuplicateOptions>(['key', 'scope', 'window', 'release', 'status', 'message']);

/**
 * Completes the options of one `@PreventDuplicate()`.
 * @param moduleScope the scope that the module's `idempotency` names, for guards that name none
 * @param place for messages: `@PreventDuplicate on OrdersController.create`
 * @throws LockOptionsError, whose message says what to write instead
 */
export function guardSettings(given: unknown, moduleScope: IdempotencyScope | undefined, place: string): GuardSettings {
  return atPlace(place, () => {
    const options = checkNames(given);
    return {
      keyOf: guardKey(options.key, place),
      isKeyFunction: typeof options.key === 'function',
      scopeOf: scopeOfRequest(options.scope ?? moduleScope, place),
      windowMs: checkWindow(options.window ?? '30s'),
      release: checkRelease(options.release ?? 'window'),
      status: checkStatus(options.status ?? 409),
      message: checkMessage(options.message),
    };
  });
}

/** Options often come from untyped configuration: what stands under the names is checked one by one. */
function checkNames(options: unknown): Partial<Record<keyof PreventDuplicateOptions, unknown>> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new LockOptionsError("the options are an object, for instance { key: 'order:create:{body.orderNo}', window: '30s' }.");
  }
  for (const [name, value] of Object.entries(options)) {
    if (!KNOWN.has(name)) throw new LockOptionsError(`Unknown option '${name}'. There are: ${[...KNOWN].join(', ')}.`);
    if (value === null) throw new LockOptionsError(`${name}: null says nothing; leave the option out.`);
  }
  return options;
}

function checkWindow(value: unknown): number {
  // parseDuration refuses whatever is neither.
  const ms = parseDuration(value as string | number, 'window');
  if (ms === 0) throw new LockOptionsError("window: 0 is too short; write for instance '30s'.");
  return ms;
}

function checkRelease(release: unknown): GuardSettings['release'] {
  if (release === 'window' || release === 'finish' || release === 'error') return release;
  throw new LockOptionsError("release: write 'window', 'finish' or 'error'.");
}

function checkStatus(status: unknown): number {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 499) return status;
  throw new LockOptionsError('status: write a status from 400 to 499: a duplicate is a request that the client should not have sent.');
}

function checkMessage(message: unknown): string | undefined {
  if (message === undefined || (typeof message === 'string' && message.trim() !== '')) return message;
  throw new LockOptionsError('message: write the text for the end user, or leave it out.');
}
