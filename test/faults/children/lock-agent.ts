// A process that holds and contends for locks as its test tells it.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { LockLostError, LockService, RedisLockModule, type Lock, type LockOptions, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { answerWith, notify, readOptions } from './answer.js';
import { contend, type Load } from './contend.js';

export interface AgentOptions {
  readonly module: RedisLockModuleOptions;
  /** Where the guarded resource is: a Redis connection that has nothing to do with the locks. */
  readonly resource: string;
}

/** What a process saw that did nothing but check its lock and work, without ever yielding. */
export interface SpinReport {
  readonly steps: number;
  /** From the acquisition to the last step that assertHeld() admitted, in ms. */
  readonly lastStepMs: number;
  /** The longest time between two turns of the loop. */
  readonly longestStallMs: number;
  readonly error: string | undefined;
}

const { module, resource: url } = readOptions() as AgentOptions; // the spec that starts this program passes them
const app = await NestFactory.createApplicationContext(RedisLockModule.forRoot(module), { logger: ['warn', 'error'], abortOnError: false });
const locks = app.get(LockService);
const resource = new Redis(url, { connectionName: 'observer' });
resource.on('error', () => undefined);
const handles = new Map<string, Lock>();

answerWith({
  acquire: async (name: string, key: string, options: LockOptions) => {
    const lock = await locks.acquire(key, options);
    handles.set(name, lock);
    return lock.fence;
  },
  /** One step of work as a careful holder does it: check, then act. */
  step: async (name: string, counter: string) => {
    try {
      held(name).assertHeld();
    } catch (error) {
      return codeOf(error);
    }
    await resource.incr(counter);
    return 'done';
  },
  /** A signal is made when it is first read. */
  watch: (name: string) => held(name).signal.aborted,
  /** The reason why the handle's signal aborted, if it did. */
  lossSeen: (name: string) => {
    const { signal } = held(name);
    return signal.aborted ? codeOf(signal.reason) : undefined;
  },
  isHeld: (name: string) => held(name).isHeld,
  release: (name: string) => held(name).release(),
  forceRelease: (key: string) => locks.forceRelease(key),
  drop: (name: string) => handles.delete(name),
  collectGarbage: () => globalThis.gc?.(),
  spin: (key: string, options: LockOptions, limitMs: number) => spin(key, options, limitMs),
  contend: (load: Load) => contend(locks, resource, load),
  close: async () => {
    await app.close();
    resource.disconnect();
  },
});

function held(name: string): Lock {
  const lock = handles.get(name);
  if (lock === undefined) throw new Error(`No handle ${name}`);
  return lock;
}

async function spin(key: string, options: LockOptions, limitMs: number): Promise<SpinReport> {
  const since = performance.now();
  const lock = await locks.acquire(key, options);
  const report = { steps: 0, lastStepMs: 0, longestStallMs: 0, error: undefined as string | undefined };
  for (let last = since; last - since < limitMs && report.error === undefined;) {
    const now = performance.now();
    try {
      lock.assertHeld();
      report.steps++;
      if (report.steps === 1) notify();
      report.lastStepMs = now - since;
    } catch (error) {
      report.error = codeOf(error);
    }
    report.longestStallMs = Math.max(report.longestStallMs, performance.now() - last);
    last = now;
  }
  return report;
}

function codeOf(error: unknown): string {
  return error instanceof LockLostError ? error.code : String(error);
}
