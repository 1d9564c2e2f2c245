// Many callers that give up at random moments, in one process that counts what they leave behind.
import 'reflect-metadata';
import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { LockError } from 'nestjs-redis-lock';
import { Locks } from '../support/locks.js';
import { randomFrom } from '../support/random.js';
import { answerWith, readOptions } from './answer.js';

export interface ImpatientOptions {
  readonly url: string;
  readonly commandTimeoutMs: number;
  readonly seed: number;
  readonly waiters: number;
  /** They come within this time. */
  readonly spreadMs: number;
}

/** How often each outcome was seen: `entered`, `aborted`, or an error's code. */
export type Outcomes = Record<string, number>;

const LONGEST_PATIENCE_MS = 120;
const LONGEST_SECTION_MS = 2;
const options = readOptions() as ImpatientOptions; // the spec that starts this program passes them

/** Every timer there is, background ones included. */
const timers = new Set<number>();
createHook({
  init: (id, type) => {
    if (type === 'Timeout') timers.add(id);
  },
  destroy: (id) => void timers.delete(id),
}).enable();

const locks = await Locks.open(options.url, { commandTimeout: options.commandTimeoutMs });
const random = randomFrom(options.seed);
/** The signals of all callers: one that is kept alive is still listened to, or a caller of its is still in line somewhere. */
const signals: WeakRef<AbortSignal>[] = [];
let listeners = 0;

answerWith({
  timers: () => timers.size,
  run: async () => {
    const outcomes: Outcomes = {};
    await Promise.all(Array.from({ length: options.waiters }, () => waiter(outcomes)));
    return outcomes;
  },
  /** How many signals of callers are kept alive. */
  signals: async () => {
    // A WeakRef keeps what it is made of until the current job ends.
    await pause(1);
    globalThis.gc?.();
    return signals.filter((signal) => signal.deref() !== undefined).length;
  },
  /** The most listeners that a signal had when its caller had gone. */
  listeners: () => listeners,
  close: () => locks.stop(),
});

async function waiter(outcomes: Outcomes): Promise<void> {
  const [start, patience, way, section] = [random(), random(), random(), random()];
  await pause(start * options.spreadMs);
  const patienceMs = Math.ceil(patience * LONGEST_PATIENCE_MS);
  const gaveUp = new AbortController();
  signals.push(new WeakRef(gaveUp.signal));
  const timer = way < 0.5 ? setTimeout(() => gaveUp.abort(new Error('aborted')), patienceMs) : undefined;
  const outcome = await locks.service
    .withLock('stock', { wait: timer === undefined ? patienceMs : '1m', signal: gaveUp.signal }, () => pause(section * LONGEST_SECTION_MS))
    .then(
      () => 'entered',
      (error: unknown) => (error instanceof LockError ? error.code : error instanceof Error ? error.message : String(error)),
    );
  clearTimeout(timer);
  listeners = Math.max(listeners, getEventListeners(gaveUp.signal, 'abort').length);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
