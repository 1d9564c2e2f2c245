// @ts-check
// One process of one trial. It is told what to do by its parent, says that it is ready, begins at a word, answers, and is ended from outside.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { adapterNamed } from '../adapters/adapters.mjs';
import { abandoned } from './abandoned.mjs';
import { costOfHolding, holdMany } from './holding.mjs';
import { load, warmUp } from './load.mjs';
import { memory } from './memory.mjs';
import { queueUp } from './waiting.mjs';

/** @typedef {import('../bench.types.js').Assignment} Assignment */

// Without its parent it would go on polling for ever.
process.once('disconnect', () => process.exit(1));
const [assignment] = /** @type {[Assignment]} */ (await once(process, 'message')); // what the parent sends first
const { work, key, opening } = assignment;
const adapter = adapterNamed(assignment.adapter);
const engines = await Promise.all(Array.from({ length: assignment.engines }, () => adapter.open(opening)));
const first = engines[0] ?? missing('An engine is needed.');

await warmUp(engines, key, work.role === 'load' ? work.warmUpMs : undefined);
/** @type {unknown} */
let prepared;
if (work.role === 'holding') {
  prepared = await holdMany(first, key, work.locks);
  await setTimeout(work.settleMs);
}
if (work.role === 'waiting') {
  prepared = await queueUp(engines, key, opening.url);
  await setTimeout(work.settleMs);
}
say({ ready: true });
await once(process, 'message');
say({ result: await result() });

async function result() {
  switch (work.role) {
    case 'load':
      return await load(engines, key, work);
    case 'holding':
      return await costOfHolding(work.measureMs);
    case 'memory':
      return await memory(first, key, opening, work);
    case 'abandoned':
      return await abandoned(first, engines[1] ?? missing('A second engine is needed.'), key, opening.url, work);
    case 'waiting':
      return { ...(await costOfHolding(work.measureMs)), bytes: prepared };
  }
}

/** @param {object} message */
function say(message) {
  process.send?.(message);
}

/** @param {string} why @returns {never} */
function missing(why) {
  throw new Error(why);
}
