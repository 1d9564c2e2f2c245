import { LockOptionsError } from './errors/lock-options.error.js';

/**
 * A length of time: a number of milliseconds, or a number with a unit (`'250ms'`, `'10s'`, `'5m'`, `'1h'`).
 * A wrong unit does not compile; use {@link parseDuration} for text that comes from configuration.
 */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** Node's timers cannot wait longer: 24 days. */
const LONGEST_MS = 2_147_483_647;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * Reads a duration and returns whole milliseconds (rounded up, so that a lease is never shorter than was asked for).
 *
 * @param value milliseconds as a number, or text such as `'10s'` or, from an environment variable, `'1500'`
 * @param name how the error calls the value, for instance `ttl`
 * @throws LockOptionsError when the value is not a duration; the message says what to write instead
 */
export function parseDuration(value: string | number, name = 'duration'): number {
  const ms = typeof value === 'number' ? value : readText(value);
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > LONGEST_MS) {
    throw new LockOptionsError(
      `${name}: ${describe(value)} is not a duration (0 to 24 days). Write milliseconds (1500) or a number with a unit: '250ms', '10s', '5m', '1h'.`,
    );
  }
  return Math.ceil(ms);
}

function readText(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const trimmed = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const [, amount, unit] = PATTERN.exec(trimmed) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  // PATTERN admits exactly the keys of UNIT_MS.
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
