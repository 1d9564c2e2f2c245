// Does some of everything, closes its application, and has nothing left that would keep the process alive.
import 'reflect-metadata';
import { LockError } from 'nestjs-redis-lock';
import { Locks } from '../support/locks.js';
import { readOptions } from './answer.js';

export interface ShortLifeOptions {
  readonly url: string;
  /** Leaves a lock to its lease and a caller in line when it closes. */
  readonly untidy: boolean;
}

const { url, untidy } = readOptions() as ShortLifeOptions; // the spec that starts this program passes them
const locks = await Locks.open(url, { ttl: '5s' });
const { service } = locks;

/** How often each outcome was seen. */
const outcomes: Record<string, number> = {};
async function note(work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    () => 'done',
    (error: unknown) => (error instanceof LockError ? error.code : String(error)),
  );
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

await Promise.all(Array.from({ length: 200 }, (_, i) => note(service.withLock(`key-${String(i % 5)}`, () => undefined))));
const held = await service.acquire('held', { label: 'kept for a while' });
await note(service.acquire('held', { wait: 50 }));
await note(service.acquire('held', { wait: { retries: 2, delay: 20 } }));
await note(service.acquire('held', { signal: AbortSignal.timeout(50) }));
await held.extend('10s');
const inLine = untidy ? note(service.acquire('held', { wait: '1m' })) : undefined;
if (!untidy) await note(held.release());

await locks.stop();
await inLine;
process.send?.({ id: 0, result: outcomes });
