import { readFileSync } from 'node:fs';
import type { Manner, Mark, Micros } from './kinds-journal.js';

/** One caller's time with one key. */
export interface Visit {
  readonly key: string;
  readonly manner: Manner;
  readonly fence: number;
  readonly entered: Micros;
  readonly left: Micros;
  /** It was no longer held by then: others may have been inside before that. */
  readonly lost: boolean;
}

/** The journal of one process, and when that was killed, if it was: whoever was inside by then left at that moment. */
export interface Witness {
  readonly path: string;
  readonly killedAt?: Micros | undefined;
}

/** All that several processes wrote, by the order of entries. @throws where somebody entered and never left, although nobody was killed */
export function readVisits(witnesses: readonly Witness[]): Visit[] {
  return witnesses.flatMap(readJournal).sort((a, b) => a.entered - b.entered);
}

function readJournal({ path, killedAt }: Witness): Visit[] {
  // What JSON.parse returns was written by Journal.
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const marks = lines.map((line) => JSON.parse(line) as Mark);
  const ends = new Map(marks.flatMap((mark) => ('left' in mark ? [[mark.visit, mark] as const] : [])));
  return marks.flatMap((mark) => {
    if ('left' in mark) return [];
    const end = ends.get(mark.visit) ?? (killedAt === undefined ? undefined : { left: killedAt, lost: false });
    if (end === undefined) throw new Error(`${path}: ${mark.visit} never left`);
    const { entered, manner } = mark;
    return Object.entries(mark.fences).map(([key, fence]) => ({ key, manner, fence, entered, left: end.left, lost: end.lost }));
  });
}

/** What must not have happened, each in one line: a writer with anybody else inside, permits above the limit, fences that do not rise, lost locks. */
export function faultsOf(visits: readonly Visit[]): string[] {
  const keys = new Set(visits.map(({ key }) => key));
  return [...keys].flatMap((key) => faultsOfKey(visits.filter((visit) => visit.key === key)));
}

function faultsOfKey(visits: readonly Visit[]): string[] {
  const faults: string[] = [];
  const fences = new Set<number>();
  let inside: Visit[] = [];
  /** The highest fence so far, and the highest of those that were alone. */
  let highest = 0;
  let highestAlone = 0;
  for (const visit of visits) {
    inside = inside.filter(({ left }) => left > visit.entered);
    for (const other of inside) {
      if (!mayMeet(visit.manner, other.manner)) faults.push(`${told(visit)} entered while ${told(other)} was inside`);
    }
    if (typeof visit.manner === 'number' && inside.length >= visit.manner) faults.push(`${told(visit)} was one too many`);
    const bound = visit.manner === 'write' ? highest : highestAlone;
    if (visit.fence <= bound) faults.push(`${told(visit)} came after the fence ${String(bound)}`);
    if (fences.has(visit.fence)) faults.push(`${told(visit)} has somebody else's fence`);
    if (visit.lost) faults.push(`${told(visit)} lost its lock`);
    fences.add(visit.fence);
    highest = Math.max(highest, visit.fence);
    if (visit.manner === 'write') highestAlone = Math.max(highestAlone, visit.fence);
    inside.push(visit);
  }
  return faults;
}

/** How many were inside at once, at most. */
export function mostTogether(visits: readonly Visit[], manner: Manner): number {
  let inside: Visit[] = [];
  let most = 0;
  for (const visit of visits.filter((one) => one.manner === manner)) {
    inside = inside.filter(({ left }) => left > visit.entered);
    most = Math.max(most, inside.push(visit));
  }
  return most;
}

/** 1 where all have the same, 1 / n where one has it all (Jain's fairness index). */
export function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  return sum ** 2 / (shares.length * shares.reduce((a, b) => a + b ** 2, 0));
}

function mayMeet(one: Manner, other: Manner): boolean {
  return one === other && one !== 'write';
}

function told({ manner, key, fence, entered, left }: Visit): string {
  const what = typeof manner === 'number' ? `a permit of ${String(manner)}` : `a ${manner}`;
  return `${what} of ${key} with fence ${String(fence)} (${String(entered)} to ${String(left)})`;
}
