// A process whose callers wait in line: once each, or over and over.
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LockError, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Locks } from '../support/locks.js';
import { answerWith, readOptions } from './answer.js';

export interface QueueAgentOptions {
  readonly module: RedisLockModuleOptions;
  /** Where the guarded resource is: a Redis connection that has nothing to do with the locks. */
  readonly resource: string;
}

/** What callers saw that stood in line once. */
export interface StandReport {
  readonly entered: number;
  /** Callers whose section ran more than once. */
  readonly twice: number;
  /** Entries while somebody else was inside. */
  readonly overlaps: number;
  /** How often each error was seen, by its code; errors that are not the library's by their text. */
  readonly errors: Record<string, number>;
  /** The longest time until a caller had the lock or an error, in ms. */
  readonly longestMs: number;
}

/** What callers saw that passed the lock on among themselves in synchronous sections. */
export interface RushReport {
  readonly sections: number;
  /** The most CPU time of this process between two turns of a timer that is due all the time, in ms. */
  readonly longestGapCpuMs: number;
  /** Whether a lock that was renewed beside it was held to the end. */
  readonly renewed: boolean;
  readonly errors: Record<string, number>;
}

const { module, resource: url } = readOptions() as QueueAgentOptions; // the spec that starts this program passes them
const { connection, ...others } = module;
const locks = await Locks.open(connection as string, others); // the specs name it by a URL
const { service } = locks;
const resource = new Redis(url, { connectionName: 'observer' });
resource.on('error', () => undefined);
const stopped = new AbortController();

answerWith({
  stand: (key: string, callers: number, wait: number) => stand(key, callers, wait),
  /** Callers that enter over and over until they are told to stop; returns at once. */
  occupy: (key: string, callers: number, sectionMs: number) => {
    for (let i = 0; i < callers; i++) void occupy(key, sectionMs);
  },
  stop: () => stopped.abort(),
  rush: (key: string, callers: number, sectionMs: number, ms: number) => rush(key, callers, sectionMs, ms),
});

async function stand(key: string, callers: number, wait: number): Promise<StandReport> {
  const errors: Record<string, number> = {};
  const entries = new Array<number>(callers).fill(0);
  let overlaps = 0;
  let longestMs = 0;
  const one = async (caller: number): Promise<void> => {
    const since = performance.now();
    try {
      await service.withLock(key, { wait }, async ({ fence }) => {
        longestMs = Math.max(longestMs, performance.now() - since);
        entries[caller] = (entries[caller] ?? 0) + 1;
        if ((await resource.incr(`inside:${key}`)) !== 1) overlaps++;
        await resource.rpush(`fences:${key}`, fence);
        if ((await resource.decr(`inside:${key}`)) !== 0) overlaps++;
      });
    } catch (error) {
      longestMs = Math.max(longestMs, performance.now() - since);
      note(errors, error);
    }
  };
  await Promise.all(entries.map((_, caller) => one(caller)));
  return { entered: entries.filter((n) => n > 0).length, twice: entries.filter((n) => n > 1).length, overlaps, errors, longestMs };
}

async function occupy(key: string, sectionMs: number): Promise<void> {
  const section = async (): Promise<void> => {
    await resource.incr(`sections:${key}`);
    if (sectionMs > 0) await pause(sectionMs);
  };
  // Whoever is turned away comes again.
  while (!stopped.signal.aborted) await service.withLock(key, { wait: '1m' }, section).catch(() => pause(5));
}

async function rush(key: string, callers: number, sectionMs: number, ms: number): Promise<RushReport> {
  const beside = await service.acquire(`${key}-beside`, { ttl: 500 });
  const errors: Record<string, number> = {};
  let sections = 0;
  const end = performance.now() + ms;
  const section = (): void => {
    for (const over = performance.now() + sectionMs; performance.now() < over;);
    sections++;
  };
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      await service.withLock(key, { wait: '1m' }, section).catch((error: unknown) => note(errors, error));
    }
  };
  const rushing = Array.from({ length: callers }, one);
  const gaps = new CpuGaps();
  await Promise.all(rushing);
  const report = { sections, longestGapCpuMs: gaps.end(), renewed: beside.isHeld, errors };
  await beside.release();
  return report;
}

/** CPU time, not time: what the machine gives to others is nobody's fault here. */
class CpuGaps {
  private longest = 0;
  private last = process.cpuUsage();
  private readonly timer = setInterval(() => this.look(), 1);

  end(): number {
    this.look();
    clearInterval(this.timer);
    return this.longest;
  }

  private look(): void {
    const { user, system } = process.cpuUsage(this.last);
    this.longest = Math.max(this.longest, (user + system) / 1_000);
    this.last = process.cpuUsage();
  }
}

function note(errors: Record<string, number>, error: unknown): void {
  const kind = error instanceof LockError ? error.code : String(error);
  errors[kind] = (errors[kind] ?? 0) + 1;
}
