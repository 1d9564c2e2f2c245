import { setTimeout as pause } from 'node:timers/promises';
import type { Crowd, CrowdReport, Wish } from '../faults/children/kinds-agent.js';
import { faultsOf } from '../faults/support/kinds-judge.js';
import { kindsScene, nothingLeft, type KindsProcess } from '../faults/support/kinds-processes.js';
import type { Owned } from '../faults/support/owned.js';
import { randomFrom } from '../faults/support/random.js';

const PROCESSES = 4;
const CALLERS = 12;
const TTL_MS = 3_000;
const LONGEST_PAUSE_MS = 5_000;
/** Nobody waits longer, whoever was killed or paused: two leases, what others were lent, and a machine with other things to do. */
const LONGEST_WAIT_MS = 15_000;
const ALLOWED = ['LOCK_STORE', 'LOCK_LOST'];

/** What callers of all kinds came to while their processes were killed, paused and cut off. */
export interface KindsReport {
  readonly visits: number;
  readonly lost: number;
  readonly strikes: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly faults: readonly string[];
}

function wish(manner: Wish['manner'], ...keys: string[]): Wish {
  return { manner, keys, options: { wait: '30s', ttl: TTL_MS } };
}

const WISHES: readonly Wish[] = [
  ...[wish('write', 'page'), wish('read', 'page'), wish('read', 'page'), wish('read', 'page')],
  ...[wish(3, 'gate'), wish(3, 'gate'), wish(1, 'turnstile'), wish('write', 'door')],
  ...[
    wish('write', 'a', 'b'),
    wish('write', 'c', 'a'),
    wish('write', 'b', 'c', 'a'),
    wish('write', 'b'),
    wish('read', 'c'),
    wish('read', 'c', 'b'),
  ],
];

/** Processes read, write, have permits and take several locks, and one after the other is killed, paused or cut off. */
export async function runKinds(owned: Owned, { seconds, seed }: { readonly seconds: number; readonly seed: number }): Promise<KindsReport> {
  const random = randomFrom(seed);
  const { observer, start, startSome, visits } = await kindsScene(owned);
  const crowd: Omit<Crowd, 'seed'> = { wishes: WISHES, callers: CALLERS, ms: 2 ** 31, insideMs: 10, awayMs: 10 };
  const strikes: Record<string, number> = {};
  const reports: Promise<CrowdReport>[] = [];
  const paused: Promise<void>[] = [];
  const enter = (process: KindsProcess): KindsProcess => {
    const report = process.crowd({ ...crowd, seed: Math.floor(random() * 2 ** 31) });
    report.catch(() => undefined);
    reports.push(report);
    return process;
  };
  const pool = (await startSome(PROCESSES)).map(enter);
  const kinds: Record<string, (at: number, process: KindsProcess) => unknown> = {
    kill: async (at, process) => {
      await process.stop();
      pool[at] = enter(await start());
    },
    pause: (_at, process) => {
      process.pause();
      paused.push(pause(random() * LONGEST_PAUSE_MS).then(() => process.resume()));
    },
    'cut commands': () => observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    'cut subscriptions': () => observer.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    'forget scripts': () => observer.script('FLUSH'),
  };
  const names = Object.keys(kinds);
  for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
    await pause(random() * 2_000);
    const name = names[Math.floor(random() * names.length)] ?? '';
    const at = Math.floor(random() * PROCESSES);
    const process = pool[at];
    if (process !== undefined) await kinds[name]?.(at, process);
    strikes[name] = (strikes[name] ?? 0) + 1;
  }
  await Promise.all(paused);
  await Promise.all(pool.map((process) => process.endCrowd()));
  // Those of the killed are gone with them.
  const told = (await Promise.allSettled(reports)).flatMap((report) => (report.status === 'fulfilled' ? [report.value] : []));
  const left = await nothingLeft(observer, 10_000).then(
    () => [],
    (error: unknown) => [String(error)],
  );
  const seen = visits(...WISHES.flatMap(({ keys }) => keys));
  const errors = sums(told);
  const longestMs = Math.round(Math.max(...told.flatMap((report) => Object.values(report.longestMs))));
  const faults = [...faultsOf(seen.filter(({ lost }) => !lost)), ...left];
  for (const [code, count] of Object.entries(errors)) if (!ALLOWED.includes(code)) faults.push(`${String(count)} times ${code}`);
  // A judge who saw nothing has nothing to say.
  const unseen = new Set(WISHES.flatMap(({ keys }) => keys).filter((key) => !seen.some((visit) => visit.key === key)));
  for (const key of unseen) faults.push(`Nobody was seen inside of ${key}`);
  if (longestMs > LONGEST_WAIT_MS) faults.push(`A caller waited for ${String(longestMs)} ms`);
  return { visits: seen.length, lost: seen.filter(({ lost }) => lost).length, strikes, errors, longestMs, faults };
}

function sums(reports: readonly CrowdReport[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const report of reports) for (const [code, count] of Object.entries(report.errors)) errors[code] = (errors[code] ?? 0) + count;
  return errors;
}
