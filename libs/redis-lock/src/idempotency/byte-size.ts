import { LockOptionsError } from '../errors/lock-options.error.js';

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1_024, mb: 1_048_576 };
const PATTERN = /^(\d+(?:\.\d+)?)(b|kb|mb)?$/i;
/** A larger value would hold up everything else on the connection, and is no use in a cache of replies. */
const LARGEST = 64 * 1_048_576;

/**
 * Reads a number of bytes: 262144, `'256kb'`, or, from an environment variable, `'262144'`. A part of a byte is left out.
 * @throws LockOptionsError for what is none, less than 1 byte, or more than 64 MB
 */
export function parseByteSize(value: unknown, name: string): number {
  const bytes = Math.floor(typeof value === 'number' ? value : readText(value));
  if (bytes >= 1 && bytes <= LARGEST) return bytes;
  throw new LockOptionsError(
    `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)} is not a size (1 byte to 64 MB). Write bytes (262144) or a number with a unit: '512b', '256kb', '1mb'.`,
  );
}

function readText(text: unknown): number {
  const [, amount, unit = ''] = typeof text === 'string' ? (PATTERN.exec(text.trim()) ?? []) : [];
  return Number(amount) * (UNIT_BYTES[unit.toLowerCase()] ?? NaN);
}
