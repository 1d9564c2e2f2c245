import { LockKeyError } from '../errors/lock-key.error.js';

const LONGEST_BYTES = 1_024;
/** What nearly every key looks like: passes without a second look. */
const PLAIN = /^[\x21-\x7a|][\x20-\x7a|]{0,199}$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks that a lock can have this key: text of 1 to 1,024 bytes without control characters, not beginning with `~` (the protocol's own
 * names do), and with no `}` outside one non-empty hash tag (what belongs to the lock would land in another slot of a Cluster).
 * @throws LockKeyError
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && PLAIN.test(key) && !key.includes('{')) return;
  const fault = faultOf(key);
  if (fault !== undefined) throw new LockKeyError(fault, typeof key === 'string' ? key.slice(0, 200) : undefined);
}

const MOST_KEYS = 100;

/** Several keys, checked, in the order of their bytes, each once. @throws LockKeyError */
export function keySet(keys: unknown): string[] {
  if (!Array.isArray(keys)) throw new LockKeyError(faultOf(keys) ?? 'A lock key is a string, or an array of them.');
  if (keys.length === 0) throw new LockKeyError('There is no key: the array is empty.');
  if (keys.length > MOST_KEYS)
    throw new LockKeyError(`${String(keys.length)} keys are too many for one lock; ${String(MOST_KEYS)} at most.`);
  const checked = keys.map((key: unknown) => {
    checkKey(key);
    return key;
  });
  return [...new Set(checked)].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

function faultOf(key: unknown): string | undefined {
  if (typeof key !== 'string') return `A lock key is a string, not ${key === null ? 'null' : typeof key}.`;
  if (key === '') return "A lock key must not be empty. Name what is locked, for instance 'inventory:42'.";
  if (Buffer.byteLength(key) > LONGEST_BYTES) {
    return `The lock key '${key.slice(0, 40)}…' has ${String(Buffer.byteLength(key))} bytes; ${String(LONGEST_BYTES)} at most. Hash the long part.`;
  }
  const shown = JSON.stringify(key.slice(0, 80));
  if (CONTROL.test(key)) return `The lock key ${shown} has a control character.`;
  if (!key.isWellFormed()) return `The lock key ${shown} is not well-formed Unicode: two such keys could be one in Redis.`;
  if (key.startsWith('~')) return `The lock key ${shown} begins with '~', which is kept for the protocol's own names.`;
  const open = key.indexOf('{');
  const close = key.indexOf('}');
  if (close === -1) return undefined;
  const tagged = open !== -1 && close > open + 1 && !key.includes('}', close + 1);
  return tagged ? undefined : `The lock key ${shown} has a '}' outside a non-empty hash tag such as '{tenant-1}:orders'.`;
}
