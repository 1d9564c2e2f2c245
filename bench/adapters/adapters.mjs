// @ts-check
// An adapter loads its package only when it is opened, so that no process pays for what another one brings.
import { bareScripts } from './bare-scripts.mjs';
import { floor, unlocked } from './floor.mjs';
import { nestjsRedisLock } from './nestjs-redis.mjs';
import { ours } from './ours.mjs';
import { queueReference } from './queue-reference.mjs';
import { redisSemaphore } from './redis-semaphore.mjs';
import { redlock, sesamecareRedlock } from './redlock.mjs';
import { redlockUniversal } from './redlock-universal.mjs';

/** In the order of the report. @type {readonly import('../bench.types.js').Adapter[]} */
export const ADAPTERS = [
  ours('nestjs-redis-lock'),
  ours('nestjs-redis-lock, cohort 0', 0),
  queueReference,
  floor,
  bareScripts,
  unlocked,
  ...[redisSemaphore, redlock, sesamecareRedlock, redlockUniversal, nestjsRedisLock].flatMap((peer) => [peer(false), peer(true)]),
];

/** @param {string} id */
export function adapterNamed(id) {
  const found = ADAPTERS.find((adapter) => adapter.id === id);
  if (found === undefined) throw new Error(`There is no adapter ${id}.`);
  return found;
}
