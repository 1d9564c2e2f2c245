import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { ChildProgram } from '../../../faults/support/child-program.js';
import type { Owned } from '../../../faults/support/owned.js';
import { OwnRedis } from '../../../faults/support/own-redis.js';
import { randomFrom } from '../../../faults/support/random.js';
import type { OrderAppOptions } from '../children/order-app.js';
import { order, type OrderReply } from './order-client.js';

export interface ProcessCrashReport {
  readonly kills: number;
  readonly keys: number;
  readonly starts: number;
  /** Keys in `retry` mode whose handler started again after its process had died. */
  readonly takeOvers: number;
  /** Keys in `block` mode of which nobody knows what became of them. */
  readonly unknown: number;
  readonly unstored: number;
  readonly faults: string[];
}

interface App {
  readonly program: ChildProgram;
  readonly url: string;
}

const PROCESSES = 2;
const CLIENTS = 8;
const DUPLICATES = 3;
/** Long enough that a busy machine is not taken for a dead process. */
const LEASE_MS = 1_500;
const PROGRAM = '../../idempotency/crashes/children/order-app';

/** Kills one of two applications after the other while clients send each order several times, to either of them. */
export async function crashProcesses(owned: Owned, { kills, seed }: { kills: number; seed: number }): Promise<ProcessCrashReport> {
  const random = randomFrom(seed);
  const redis = owned.add(await OwnRedis.start());
  const log = await redis.client();
  const start = async (): Promise<App> => {
    const options: OrderAppOptions = { url: redis.url, leaseMs: LEASE_MS, seed: Math.floor(random() * 2 ** 32) };
    const program = owned.add(await ChildProgram.start(PROGRAM, options));
    return { program, url: await program.ask<string>('url') };
  };
  const apps: App[] = [];
  // One by one: on a busy machine two at once do not start in time.
  while (apps.length < PROCESSES) apps.push(await start());
  const urlOf = (mode: string) => (): string => `${apps[Math.floor(random() * apps.length)]?.url ?? ''}/${mode}`;

  const replies = new Map<string, OrderReply[]>();
  const faults: string[] = [];
  let areKilled = false;
  const client = async (): Promise<void> => {
    while (!areKilled) {
      const mode = replies.size % 2 === 0 ? 'retry' : 'block';
      const key = `${mode}-${String(replies.size)}`;
      const got: OrderReply[] = [];
      replies.set(key, got);
      const tries = Array.from({ length: DUPLICATES }, async (_, i) => got.push(await order(urlOf(mode), key, String(i))));
      for (const tried of await Promise.allSettled(tries)) if (tried.status === 'rejected') faults.push(String(tried.reason));
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  try {
    for (let kill = 0; kill < kills; kill++) {
      await pause(200 + 300 * random());
      const place = Math.floor(random() * apps.length);
      await apps[place]?.program.stop();
      // Meanwhile its clients are refused, as behind a balancer that has not noticed yet.
      apps[place] = await start();
    }
  } finally {
    areKilled = true;
    await clients;
  }

  const report = { kills, keys: replies.size, starts: 0, takeOvers: 0, unknown: 0, unstored: 0, faults };
  for (const [key, got] of replies) await judge(key, got, urlOf, log, report);
  return report;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Every key that anybody was given a reply for replays that one. */
async function judge(
  key: string,
  got: readonly OrderReply[],
  urlOf: (mode: string) => () => string,
  log: Redis,
  report: Mutable<ProcessCrashReport>,
): Promise<void> {
  const isBlock = key.startsWith('block');
  const last = await order(urlOf(isBlock ? 'block' : 'retry'), key, 'last').catch((error: unknown) => String(error));
  if (typeof last === 'string') {
    report.faults.push(last);
    return;
  }
  const starts = Number((await log.get(`log:starts:${key}`)) ?? 0);
  const bodies = new Set(got.filter(({ body, isUnstored }) => body !== undefined && !isUnstored).map(({ body }) => body));
  report.starts += starts;
  report.unstored += got.filter(({ isUnstored }) => isUnstored).length;
  if (last.body === undefined) report.unknown++;
  if (!isBlock && starts > 1) report.takeOvers++;
  if (isBlock && starts > 1) report.faults.push(`${key}: started ${String(starts)} times`);
  if (bodies.size > 1) report.faults.push(`${key}: ${String(bodies.size)} different replies`);
  if (bodies.size > 0 && !(last.isReplay && bodies.has(last.body)))
    report.faults.push(`${key}: ${JSON.stringify(last)} is no replay of ${[...bodies].join()}`);
}
