import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Call, CallStatus, RecordCaller } from './record-caller.js';
import { recordLog } from './record-log.js';

export const LEASE_MS = 500;
/** What a key may need beyond its lease. */
const GRACE_MS = 1_000;
/** So long after the end of whoever ran it every key is usable again. */
export const USABLE_MS = LEASE_MS + GRACE_MS;
const SWEEP_AT_ONCE = 50;
const MOST_TRIES = 20;

/** Every operation that died with its process must be usable again one lease + 1 s later. @returns how many there were */
export async function lookAtOrphans(dead: string, log: Redis, judge: RecordCaller, faults: string[]): Promise<number> {
  // Redis may be behind with what the dead had sent: the time counts from when it answers again.
  await log.ping();
  await pause(USABLE_MS);
  const orphans = await log.smembers(recordLog.owned(dead));
  for (const key of orphans) {
    const call = await answered(judge, key);
    if (call.status !== 'running') continue;
    // Who took it over meanwhile may be paused or dead before he could write that down: only the record says whose it is.
    const owner = await log.lindex(recordLog.callers, call.owner);
    if (owner === null || owner === dead) faults.push(`${key}: still running after the death of ${dead}`);
    // From then on it is his, and is looked at when he dies.
    else await log.sadd(recordLog.owned(owner), key);
  }
  return orphans.length;
}

/** Calls every key once. */
export async function sweep(keys: readonly string[], judge: RecordCaller, allowed: readonly CallStatus[], faults: string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += SWEEP_AT_ONCE) {
    await Promise.all(
      keys.slice(from, from + SWEEP_AT_ONCE).map(async (key) => {
        const { status } = await answered(judge, key);
        if (!allowed.includes(status)) faults.push(`${key}: ${status} in the end`);
      }),
    );
  }
}

/** On a busy machine an answer may be late: an error to the caller, and no verdict. Nor is it one that the judge's own begin holds the key then. */
async function answered(judge: RecordCaller, key: string): Promise<Call> {
  for (let tries = 0; ; tries++) {
    const call = await judge.call(key, 0);
    const isVerdict = call.status === 'running' ? call.owner !== judge.number : call.status !== 'error';
    if (isVerdict || tries === MOST_TRIES) return call;
    await pause(50);
  }
}
