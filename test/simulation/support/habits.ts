import type { Dice } from './dice.js';

/** What callers of one history are like. */
export interface Habits {
  /** How often a holder sets its lease anew, and how often it goes on where that fails. */
  readonly extensions: number;
  readonly patience: number;
  /** The leases that callers ask for, in ms. */
  readonly ttls: readonly [number, ...number[]];
  /** How long a holder works at a time, in ms, and how many times; and how often it takes much longer. */
  readonly workMs: number;
  readonly steps: number;
  readonly idling: number;
  /** Of those who want a lock: how many want to read, and how many want several locks at once. */
  readonly reading: number;
  readonly several: number;
  /** How often a writer goes on as a reader. */
  readonly downgrades: number;
  /** How often a key is asked for as something that it is not. */
  readonly mixing: number;
  /** Whether everybody is quick, minds nothing but the lock, and waits this long: then nobody is turned away, in ms. */
  readonly patientMs: number | undefined;
}

/** Some histories are about callers that set their leases anew over and over, whatever comes of it; and some, where nothing goes wrong, about patient ones. */
export function habitsOf(dice: Dice, isCalm: boolean): Habits {
  const kinds = {
    reading: dice.pick(0, 0.3, 0.6, 0.9),
    several: dice.pick(0, 0, 0.2, 0.5),
    downgrades: dice.pick(0, 0.1, 0.5),
    idling: 0.1,
    mixing: 0,
    patientMs: undefined,
  };
  if (isCalm && dice.chance(0.5)) {
    return { ...kinds, extensions: 0, patience: 1, ttls: [300, 900, 4_000], workMs: 10, steps: 2, idling: 0, patientMs: 8_000 };
  }
  if (dice.chance(0.2)) return { ...kinds, extensions: 0.9, patience: 1, ttls: [200, 1_000, 4_000], workMs: 40, steps: 30 };
  return {
    ...kinds,
    mixing: dice.chance(0.1) ? 0.1 : 0,
    extensions: dice.pick(0, 0.2, 0.7),
    patience: 0.7,
    ttls: [40, 60, 120, 300, 900, 4_000],
    workMs: dice.pick(10, 60, 200),
    steps: dice.pick(2, 4, 8),
  };
}
