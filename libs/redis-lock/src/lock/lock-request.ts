import { parseDuration } from '../duration.js';
import { LockOptionsError } from '../errors/lock-options.error.js';
import type { Standing } from '../store/lock-store.interface.js';
import { READING, type Sharing } from '../store/sharing.js';
import { Lease } from './lease.js';
import type { LockOptions, PermitOptions } from './lock-options.js';
import { retrySchedule, type RetrySchedule } from './retry-schedule.js';

/** What the engine needs of the module's options, checked, in ms. */
export interface EngineSettings {
  readonly ttl: number;
  readonly maxTtl: number;
  readonly wait: number;
  readonly maxWaiters: number;
  readonly cohort: number;
  readonly commandTimeout: number;
  readonly shutdownTimeout: number;
}

/** One acquisition's options, checked and completed, in ms. */
export interface LockRequest {
  readonly ttl: number;
  /** The lease asked for at the grant: the ttl, bounded by maxHold, and long enough for holdAtLeast. */
  readonly leaseMs: number;
  /** How to stand in line for it. */
  readonly standing: Standing;
  readonly waitMs: number;
  /** Undefined for the lock as a whole. */
  readonly sharing: Sharing | undefined;
  /** Present where the caller polls instead of standing in line. */
  readonly retry: RetrySchedule | undefined;
  readonly renew: boolean;
  readonly maxHold: number | undefined;
  readonly holdAtLeast: number;
  readonly signal: AbortSignal | undefined;
  readonly reentrant: boolean;
  readonly replicas: { readonly min: number; readonly timeoutMs: number } | undefined;
  readonly label: string | undefined;
}

/** Shorter leases would be used up by drift and a single round trip. */
const SHORTEST_TTL = 10;
const LONGEST_LABEL = 120;
const MOST_PERMITS = 1_000_000;
/** A lock that is handed over to a process in line lasts no longer than this unless the process confirms it, in ms. */
const LONGEST_GRACE_MS = 2_000;
/** Every option there is: untyped code may write others. */
export const LOCK_OPTION_NAMES: ReadonlySet<string> = new Set<keyof LockOptions>([
  'ttl',
  'wait',
  'mode',
  'renew',
  'maxHold',
  'holdAtLeast',
  'signal',
  'reentrant',
  'replicas',
  'label',
]);

/** Checks options against the settings and fills in what was left out. @throws LockOptionsError */
export function lockRequest(options: LockOptions, settings: EngineSettings, permits?: Sharing): LockRequest {
  checkIsOptions(options);
  for (const name of Object.keys(options)) {
    if (!LOCK_OPTION_NAMES.has(name)) {
      if (name === 'limit')
        throw new LockOptionsError('limit: a lock has none; use acquirePermit(), withPermit() or @Limited for a semaphore.');
      throw new LockOptionsError(`Unknown lock option '${name}'. There are: ${[...LOCK_OPTION_NAMES].join(', ')}.`);
    }
    // Its name is known; null comes from untyped configuration.
    const value: unknown = options[name as keyof LockOptions];
    if (value === null) throw new LockOptionsError(`${name}: null says nothing; leave the option out.`);
  }
  const ttl = checkTtl(options.ttl ?? settings.ttl, settings, 'ttl');
  const maxHold = options.maxHold === undefined ? undefined : checkMaxHold(parseDuration(options.maxHold, 'maxHold'));
  const holdAtLeast = options.holdAtLeast === undefined ? 0 : parseDuration(options.holdAtLeast, 'holdAtLeast');
  if (holdAtLeast > settings.maxTtl) {
    throw new LockOptionsError(
      `holdAtLeast: ${String(holdAtLeast)} ms is more than maxTtl (${String(settings.maxTtl)} ms). Raise the module's maxTtl.`,
    );
  }
  if (maxHold !== undefined && maxHold < holdAtLeast) {
    throw new LockOptionsError(`maxHold (${String(maxHold)} ms) is below holdAtLeast (${String(holdAtLeast)} ms).`);
  }
  const { wait = settings.wait } = options;
  const polls = typeof wait === 'object';
  // The grant happened at most one commandTimeout before the entry that holdAtLeast counts from.
  const leaseMs = Math.max(bounded(ttl, maxHold), holdAtLeast === 0 ? 0 : holdAtLeast + settings.commandTimeout);
  return {
    ttl,
    leaseMs,
    standing: { graceMs: Math.ceil(Math.min(leaseMs, LONGEST_GRACE_MS)), since: undefined },
    sharing: permits ?? sharingOfMode(options),
    waitMs: polls ? 0 : parseDuration(wait, 'wait'),
    retry: polls ? retrySchedule(wait) : undefined,
    renew: checkFlag(options.renew, 'renew'),
    maxHold,
    holdAtLeast,
    signal: checkSignal(options.signal),
    reentrant: checkFlag(options.reentrant, 'reentrant'),
    replicas: checkReplicas(options.replicas),
    label: checkLabel(options.label),
  };
}

/** The same for a permit. @throws LockOptionsError */
export function permitRequest(options: PermitOptions, settings: EngineSettings): LockRequest {
  checkIsOptions(options);
  const { limit, mode, ...rest }: Omit<PermitOptions, 'mode'> & { mode?: unknown } = options;
  if (mode !== undefined)
    throw new LockOptionsError('mode: a permit has none; leave it out, or use acquire() for a lock to read or to write.');
  return lockRequest(rest, settings, { kind: 'permit', limit: checkLimit(limit) });
}

/** @throws LockOptionsError */
export function checkLimit(limit: unknown): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MOST_PERMITS) return limit;
  throw new LockOptionsError(`limit: write how many may be inside at once, a whole number from 1 to ${String(MOST_PERMITS)}.`);
}

function sharingOfMode({ mode }: LockOptions): Sharing | undefined {
  if (mode === undefined || mode === 'exclusive' || mode === 'write') return undefined;
  // Untyped code may write anything.
  if ((mode as unknown) === 'read') return READING;
  throw new LockOptionsError("mode: write 'exclusive', 'read' or 'write'.");
}

/** Tells options from what an untyped caller may have passed in their place. @throws LockOptionsError */
export function checkIsOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new LockOptionsError("The options of a lock are an object, for instance { ttl: '10s', wait: '5s' }.");
}

/** Reads a ttl and holds it against the bounds. @throws LockOptionsError */
export function checkTtl(value: string | number, settings: Pick<EngineSettings, 'maxTtl'>, name: string): number {
  const ms = parseDuration(value, name);
  if (ms < SHORTEST_TTL)
    throw new LockOptionsError(`${name}: ${String(ms)} ms is too short for a lease; write at least ${String(SHORTEST_TTL)} ms.`);
  if (ms > settings.maxTtl) {
    throw new LockOptionsError(
      `${name}: ${String(ms)} ms is more than maxTtl (${String(settings.maxTtl)} ms). A lease is renewed while it is held, so a short one will do; or raise the module's maxTtl.`,
    );
  }
  return ms;
}

/** Long enough to end by maxHold and not before it. */
function bounded(ttl: number, maxHold: number | undefined): number {
  return maxHold === undefined ? ttl : Math.min(ttl, Math.ceil(Lease.covering(maxHold)));
}

function checkMaxHold(ms: number): number {
  if (ms < SHORTEST_TTL) throw new LockOptionsError(`maxHold: ${String(ms)} ms is too short; write at least ${String(SHORTEST_TTL)} ms.`);
  return ms;
}

function checkFlag(value: unknown, name: string): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'boolean') throw new LockOptionsError(`${name}: write true or false.`);
  return value;
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new LockOptionsError('signal: give an AbortSignal, for instance AbortSignal.timeout(1000).');
}

function checkReplicas(replicas: LockOptions['replicas']): LockRequest['replicas'] {
  if (replicas === undefined) return undefined;
  const { min, timeout } = replicas;
  if (!Number.isInteger(min) || min < 1) throw new LockOptionsError('replicas.min: write how many replicas must acknowledge, 1 or more.');
  const timeoutMs = parseDuration(timeout, 'replicas.timeout');
  if (timeoutMs === 0) throw new LockOptionsError('replicas.timeout: 0 would wait for ever; write for instance 500.');
  return { min, timeoutMs };
}

function checkLabel(label: unknown): string | undefined {
  if (label === undefined) return undefined;
  if (typeof label !== 'string' || label.length > LONGEST_LABEL) {
    throw new LockOptionsError(`label: write text of at most ${String(LONGEST_LABEL)} characters.`);
  }
  return label;
}
