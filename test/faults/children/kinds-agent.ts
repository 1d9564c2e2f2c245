// A process whose callers read, write, have permits and take several locks at once, as its test tells it.
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { LockError, type Lock, type LockOptions, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Journal, micros, type Manner, type Micros } from '../support/kinds-journal.js';
import { Locks } from '../support/locks.js';
import { randomFrom, type Random } from '../support/random.js';
import { answerWith, readOptions } from './answer.js';

export interface KindsAgentOptions {
  readonly connection: string;
  readonly module?: Partial<RedisLockModuleOptions>;
  readonly journal: string;
}

/** What a caller wants to hold. */
export interface Wish {
  readonly manner: Manner;
  readonly keys: readonly string[];
  readonly options?: Omit<LockOptions, 'mode'>;
}

/** Callers that enter over and over, each time with one of the wishes. */
export interface Crowd {
  readonly wishes: readonly Wish[];
  readonly callers: number;
  /** Until it is over, or the crowd is told to stop. */
  readonly ms: number;
  readonly seed: number;
  /** The longest section, and the longest time that a caller stays away in between. */
  readonly insideMs: number;
  readonly awayMs: number;
}

/** What a crowd came to. */
export interface CrowdReport {
  readonly visits: number;
  /** How often each error was seen, by its code; errors that are not the library's by their text. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest time until a caller had what it wanted or an error, by the manner, in ms. */
  readonly longestMs: Readonly<Record<string, number>>;
}

/** When and with what fence a caller came in. */
export interface Entry {
  readonly at: Micros;
  readonly fences: readonly number[];
}

const { connection, module, journal: path } = readOptions() as KindsAgentOptions; // the spec that starts this program passes them
const { service } = await Locks.open(connection, module);
const journal = new Journal(path);
const held = new Map<string, { readonly lock: Lock; readonly visit: string }[]>();
let stopped = false;

answerWith({
  /** So many callers come in and stay; resolves when all of them are inside. */
  acquire: (name: string, wish: Wish, callers = 1) => Promise.all(Array.from({ length: callers }, () => acquire(name, wish))),
  release: (name: string) => release(name),
  isHeld: (name: string) => inside(name).every(({ lock }) => lock.isHeld),
  /** So many callers come in and go, once each. */
  visit: (wish: Wish, callers: number) => Promise.all(Array.from({ length: callers }, () => visit(wish, 1, Math.random, () => undefined))),
  crowd: (crowd: Crowd) => runCrowd(crowd),
  stop: () => {
    stopped = true;
  },
});

function take({ manner, keys, options }: Wish): Promise<Lock> {
  const [only = '', ...others] = keys;
  if (typeof manner === 'number') return service.acquirePermit(only, { ...options, limit: manner });
  return service.acquire(others.length === 0 ? only : keys, { ...options, mode: manner });
}

async function acquire(name: string, wish: Wish): Promise<Entry> {
  const lock = await take(wish);
  const at = micros();
  held.set(name, [...(held.get(name) ?? []), { lock, visit: journal.enter(wish.manner, lock.fences) }]);
  return { at, fences: [...lock.fences.values()] };
}

async function release(name: string): Promise<string[]> {
  const visits = inside(name);
  held.delete(name);
  for (const { lock, visit } of visits) journal.leave(visit, lock);
  return Promise.all(visits.map(({ lock }) => lock.release()));
}

function inside(name: string): readonly { readonly lock: Lock; readonly visit: string }[] {
  const visits = held.get(name);
  if (visits === undefined) throw new Error(`No lock ${name}`);
  return visits;
}

async function runCrowd(crowd: Crowd): Promise<CrowdReport> {
  const errors: Record<string, number> = {};
  const longestMs: Record<string, number> = {};
  const end = performance.now() + crowd.ms;
  const random = randomFrom(crowd.seed);
  stopped = false;
  let visits = 0;
  const caller = async (): Promise<void> => {
    while (!stopped && performance.now() < end) {
      const wish = crowd.wishes[Math.floor(random() * crowd.wishes.length)];
      if (wish === undefined) throw new Error('A crowd without wishes');
      const since = performance.now();
      const note = (): void => {
        longestMs[wish.manner] = Math.max(longestMs[wish.manner] ?? 0, performance.now() - since);
      };
      try {
        await visit(wish, crowd.insideMs, random, note);
        visits++;
      } catch (error) {
        note();
        const kind = error instanceof LockError ? error.code : String(error);
        errors[kind] = (errors[kind] ?? 0) + 1;
      }
      await pause(crowd.awayMs * random());
    }
  };
  await Promise.all(Array.from({ length: crowd.callers }, caller));
  return { visits, errors, longestMs };
}

async function visit({ manner, keys, options }: Wish, insideMs: number, random: Random, note: () => void): Promise<void> {
  const section = async (lock: Lock): Promise<void> => {
    note();
    const entry = journal.enter(manner, lock.fences);
    await pause(insideMs * random());
    journal.leave(entry, lock);
  };
  const [only = '', ...others] = keys;
  if (typeof manner === 'number') await service.withPermit(only, { ...options, limit: manner }, section);
  else await service.withLock(others.length === 0 ? only : keys, { ...options, mode: manner }, section);
}
