import { randomFrom, type Random } from '../../faults/support/random.js';

/** Everything that is left to chance in a history comes from one seed. */
export class Dice {
  readonly roll: Random;

  constructor(seed: number) {
    this.roll = randomFrom(seed);
  }

  chance(share: number): boolean {
    return this.roll() < share;
  }

  between(least: number, most: number): number {
    return least + this.roll() * (most - least);
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<T>(first: T, ...others: T[]): T {
    return others[Math.floor(this.roll() * (others.length + 1)) - 1] ?? first;
  }

  /** How long until the next event of a kind that comes once in `mean` on average. */
  gap(mean: number): number {
    return -Math.log(1 - this.roll()) * mean;
  }
}
