import fc from 'fast-check';
import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { KEYS, PROCESSES } from './scene.js';
import { LEASES_MS } from './times.js';

/** How often the keys are used, and each of them alone, to read, and for permits. */
const KEY_WEIGHTS = [6, 5, 4];
const KIND_WEIGHTS = [
  [10, 12, 1],
  [1, 1, 20],
  [1, 1, 3],
];

/** What may be chosen in a step. */
export const process = fc.constantFrom(...PROCESSES);
export const key = fc.oneof(...KEYS.map((at, i) => ({ weight: KEY_WEIGHTS[i] ?? 1, arbitrary: fc.constant(at) })));
export const leaseMs = fc.constantFrom(...LEASES_MS);
export const index = fc.nat({ max: 11 });
export const seldom = fc.integer({ min: 0, max: 15 }).map((n) => n === 1);
export const often = fc.integer({ min: 0, max: 3 }).map((n) => n > 0);
export const count = fc.constantFrom(1, 1, 2, 3);

const ALONE = fc.constant(undefined);
const READING = fc.constant<Sharing>({ kind: 'read' });
const PERMIT = fc.constantFrom(2, 2, 2, 2, 1, 3).map((limit): Sharing => ({ kind: 'permit', limit }));

/** A key and what is wanted of it: mostly what it is for, since whatever else is refused there. */
export const wish: fc.Arbitrary<{ readonly key: string; readonly sharing: Sharing | undefined }> = fc.oneof(
  ...KEYS.map((at, i) => ({
    weight: KEY_WEIGHTS[i] ?? 1,
    arbitrary: fc.record({
      key: fc.constant(at),
      sharing: fc.oneof(...[ALONE, READING, PERMIT].map((arbitrary, kind) => ({ arbitrary, weight: KIND_WEIGHTS[i]?.[kind] ?? 1 }))),
    }),
  })),
);
