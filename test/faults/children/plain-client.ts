// A program in whatever language that locks with SET NX and DEL, and knows nothing of this package.
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { randomFrom } from '../support/random.js';
import { answerWith, readOptions } from './answer.js';

export interface PlainClientOptions {
  readonly url: string;
  readonly seed: number;
}

/** What it saw while it contended. */
export interface PlainReport {
  readonly tries: number;
  readonly sections: number;
  readonly overlaps: number;
}

const LEASE_MS = 10_000;
const { url, seed } = readOptions() as PlainClientOptions; // the spec that starts this program passes them
const redis = new Redis(url, { connectionName: 'observer' });
redis.on('error', () => undefined);
const random = randomFrom(seed);

answerWith({
  lock: (key: string) => take(key),
  lockForGood: (key: string) => redis.set(key, 'theirs', 'NX'),
  unlock: (key: string) => redis.del(key),
  contend: (key: string, guarded: string, ms: number) => contend(key, guarded, ms),
});

function take(key: string): Promise<'OK' | null> {
  return redis.set(key, 'theirs', 'PX', LEASE_MS, 'NX');
}

async function contend(key: string, guarded: string, ms: number): Promise<PlainReport> {
  const report = { tries: 0, sections: 0, overlaps: 0 };
  for (const end = performance.now() + ms; performance.now() < end; report.tries++) {
    if ((await take(key)) === 'OK') {
      if ((await redis.incr(guarded)) !== 1) report.overlaps++;
      await pause(3 * random());
      if ((await redis.decr(guarded)) !== 0) report.overlaps++;
      await redis.del(key);
      report.sections++;
      await pause(30 * random());
    }
  }
  return report;
}
