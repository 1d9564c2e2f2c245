import type { Dice } from './dice.js';

/** A key of a history, and what it is used as. */
export interface UsedKey {
  readonly name: string;
  /** How many permits there are; undefined where it is a lock to read and to write. */
  readonly limit: number | undefined;
}

const NAMES = ['a', 'b', 'c', 'd'];
const SEMAPHORES = 0.3;
const MOST_PERMITS = 4;

export function keysOf(dice: Dice): UsedKey[] {
  const names = NAMES.slice(0, dice.whole(1, NAMES.length));
  return names.map((name) => ({ name, limit: dice.chance(SEMAPHORES) ? dice.whole(1, MOST_PERMITS) : undefined }));
}
