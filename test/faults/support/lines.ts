import type { Redis } from 'ioredis';
import type { LockService } from 'nestjs-redis-lock';
import { until } from './until.js';

/** Waits until so many processes stand in line for a lock. */
export async function processesInLine(service: LockService, key: string, count: number): Promise<void> {
  await until(`${String(count)} processes in line`, 5_000, async () => (await service.inspect(key)).waitingProcesses === count);
}

/** Waits until so many callers stand in line, in all processes together. Processes tell of them once a second. */
export async function callersInLine(service: LockService, key: string, count: number): Promise<void> {
  await until(`${String(count)} callers in line`, 5_000, async () => (await service.inspect(key)).waitingCallers === count);
}

/** Waits until Redis has noticed that processes are gone, and only so many still listen. */
export async function processesListening(observer: Redis, count: number): Promise<void> {
  await until(`${String(count)} processes listen`, 2_000, async () => (await channels(observer)).length === count);
}

/** The channels of all processes. */
export async function channels(observer: Redis): Promise<string[]> {
  return (await observer.call('PUBSUB', 'CHANNELS', 'lock:*')) as string[]; // an array of names, as Redis documents it
}

/** Every key there is but the fence counter, and but the cards of processes, which live for a minute. */
export async function keysLeft(observer: Redis): Promise<string[]> {
  return (await observer.keys('lock:*')).filter((name) => name !== 'lock:~1:fence' && !name.startsWith('lock:~1:card:'));
}
