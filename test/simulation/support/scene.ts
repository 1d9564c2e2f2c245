import type { Dice } from './dice.js';
import type { Habits } from './habits.js';
import type { UsedKey } from './keys.js';
import type { LineJudge } from './line-judge.js';
import type { PromiseLedger } from './promise-ledger.js';
import type { Referee } from './referee.js';
import type { World } from './world.js';

/** What the callers of a history share. */
export interface Scene {
  readonly world: World;
  readonly dice: Dice;
  readonly referee: Referee;
  readonly ledger: PromiseLedger;
  readonly lines: LineJudge;
  readonly keys: readonly UsedKey[];
  readonly outcomes: Record<string, number>;
  readonly habits: Habits;
  /** Nothing goes wrong but what callers do themselves. */
  readonly isCalm: boolean;
  /** How much later than its promise an acquisition settled, at worst, in ms. */
  latest: number;
  isOver: boolean;
}
