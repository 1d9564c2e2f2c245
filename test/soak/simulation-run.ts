import { setImmediate as nextTurn } from 'node:timers/promises';
import { playHistory } from '../simulation/support/history.js';

const TELL_EVERY = 5_000;
const MOST_FAULTS = 20;

/** What many histories came to. */
export interface HistoriesReport {
  readonly histories: number;
  readonly events: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Plays that many histories, from one seed on; each can be replayed by its own (see test/simulation). */
export async function playHistories(first: number, histories: number): Promise<HistoriesReport> {
  Error.stackTraceLimit = 3;
  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  let events = 0;
  let played = 0;
  for (let seed = first; played < histories && faults.length < MOST_FAULTS; seed++, played++) {
    const report = await playHistory(seed);
    for (const fault of report.faults.slice(0, 3)) faults.push(`SIM_SEED=${String(seed)}: ${fault}`);
    for (const [name, n] of Object.entries(report.outcomes)) outcomes[name] = (outcomes[name] ?? 0) + n;
    events += report.events;
    if (played % TELL_EVERY === TELL_EVERY - 1) console.log(`simulation: ${String(played + 1)} histories, ${String(faults.length)} faults`);
    await nextTurn();
  }
  return { histories: played, events, outcomes, faults };
}
