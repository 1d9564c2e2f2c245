import type { Redis } from 'ioredis';
import { recordLog } from './record-log.js';

/** What a run's log says. */
export interface RecordVerdict {
  readonly starts: number;
  readonly takeOvers: number;
  readonly faults: string[];
}

/** Reads the log of every key. */
export async function faultsOfRecords(log: Redis, keys: readonly string[], mode: 'retry' | 'block'): Promise<RecordVerdict> {
  let starts = 0;
  let takeOvers = 0;
  const faults: string[] = [];
  for (const key of keys) {
    const attempts = (await log.lrange(recordLog.starts(key), 0, -1)).map(Number);
    const replies = await log.smembers(recordLog.replies(key));
    starts += attempts.length;
    takeOvers += Math.max(0, attempts.length - 1);
    faults.push(
      ...faultsOfRecord(attempts, replies, mode).map(
        (fault) => `${key}: ${fault} (starts ${attempts.join(', ')}; replies ${replies.join(' | ')})`,
      ),
    );
  }
  return { starts, takeOvers, faults };
}

/** @param attempts of each start of the handler; @param replies each different one that was stored or given to somebody */
export function faultsOfRecord(attempts: readonly number[], replies: readonly string[], mode: 'retry' | 'block'): string[] {
  const faults: string[] = [];
  if (mode === 'block' && attempts.length > 1) faults.push('started twice');
  if (new Set(attempts).size < attempts.length) faults.push('one attempt started twice');
  if (replies.length > 1) faults.push('two answers');
  const [reply] = replies;
  if (reply === undefined) {
    if (mode === 'retry') faults.push('no answer');
  } else if (Number.parseInt(reply, 10) !== Math.max(...attempts)) {
    // Once an answer is stored nothing starts, and once a later attempt has begun an earlier one stores nothing.
    faults.push('the answer is not that of the last attempt');
  }
  return faults;
}
