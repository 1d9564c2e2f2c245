// A process that makes the calls it finds in a queue, until its test kills it.
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { answerWith, readOptions } from '../../../faults/children/answer.js';
import { randomFrom } from '../../../faults/support/random.js';
import { RecordCaller, type RecordSettings } from '../support/record-caller.js';
import { recordLog } from '../support/record-log.js';

export interface WorkerOptions {
  readonly records: RecordSettings;
  readonly name: string;
  readonly seed: number;
}

const AT_ONCE = 16;
const IDLE_MS = 5;
const USUAL_WORK_MS = 25;
/** So often work outlasts its lease, and lives by renewals. */
const LONG_SHARE = 0.02;

const { records, name, seed } = readOptions() as WorkerOptions; // the run that starts this program passes them
const random = randomFrom(seed);
const workMs = (): number => (random() < LONG_SHARE ? 1.5 * records.leaseMs : USUAL_WORK_MS * random());
const caller = await RecordCaller.open(records, name, workMs);
const queue = new Redis(records.url);
let isEnding = false;

async function makeCalls(): Promise<void> {
  for (;;) {
    const key = await queue.lpop(recordLog.queue);
    if (key !== null) await caller.call(key, random() < 0.5 ? 0 : 300 * random());
    else if (isEnding) return;
    else await pause(IDLE_MS);
  }
}

const made = Promise.all(Array.from({ length: AT_ONCE }, makeCalls));

answerWith({
  /** Makes what is left of the calls. */
  finish: async () => {
    isEnding = true;
    await made;
    await caller.stop();
    queue.disconnect();
  },
});
