// Many lanes that acquire and release through proxies which cut their connections, in one process: what nobody catches ends it.
import 'reflect-metadata';
import { LockError } from 'nestjs-redis-lock';
import { CuttingProxy, type Fate } from '../support/cutting-proxy.js';
import { Locks } from '../support/locks.js';
import { randomFrom, type Random } from '../support/random.js';
import { answerWith, readOptions } from './answer.js';

export interface CutOptions {
  readonly redisPort: number;
  readonly commandTimeoutMs: number;
  readonly lanes: number;
  readonly cutsPerLane: number;
  readonly seed: number;
}

/** What all lanes saw. */
export interface CutReport {
  /** How many cuts of each kind there were. */
  readonly cuts: Record<string, number>;
  /** What the calls that were cut ended with. */
  readonly outcomes: Record<string, number>;
  /** How long each cut left the lock to nobody, or its lane in doubt: until a contender with a connection of its own had it, in ms. */
  readonly freeAfterMs: number[];
  /** Contenders that did not get it, with what they were told. */
  readonly stuck: string[];
}

const options = readOptions() as CutOptions; // the spec that starts this program passes them
const { commandTimeoutMs } = options;
const SCRIPTS = /evalsha/;
const report: CutReport = { cuts: {}, outcomes: {}, freeAfterMs: [], stuck: [] };
const direct = await Locks.open(`redis://127.0.0.1:${String(options.redisPort)}`, { commandTimeout: commandTimeoutMs });

answerWith({
  run: async () => {
    await Promise.all(Array.from({ length: options.lanes }, (_, lane) => runLane(lane)));
    await direct.stop();
    return report;
  },
});

async function runLane(lane: number): Promise<void> {
  const random = randomFrom(options.seed + lane);
  const proxy = await CuttingProxy.start(options.redisPort);
  const locks = await Locks.open(proxy.url, { commandTimeout: commandTimeoutMs });
  for (let cut = 0; cut < options.cutsPerLane; cut++) {
    const key = `lane-${String(lane)}`;
    const fate = anyFate(random);
    const atRelease = random() < 0.5;
    count(report.cuts, `${fate.kind} at ${atRelease ? 'release' : 'acquire'}`);
    // The lane is back when it can acquire: it waits for its connection.
    const armed = atRelease ? undefined : arm(proxy, fate, random);
    const lock = await noted(locks.service.acquire(key, { ttl: '1m', wait: armed === undefined ? '10s' : 0 }));
    const cutDone = armed ?? arm(proxy, fate, random);
    const released = lock === undefined ? undefined : noted(lock.release());
    await cutDone;
    await contend(key);
    await released;
  }
  // A process that ends without a connection cannot take its card away.
  await locks.service.withLock(`lane-${String(lane)}`, { wait: '10s' }, () => undefined);
  await locks.stop();
  await proxy.stop();
}

/** Sets the proxy to cut; resolves when it did. */
function arm(proxy: CuttingProxy, fate: Fate, random: Random): Promise<void> {
  if (fate.kind !== 'pass') return proxy.next(SCRIPTS, fate);
  // At any moment, and every connection of the lane: the subscription's too.
  return new Promise((resolve) => {
    setTimeout(() => {
      proxy.cut();
      resolve();
    }, random() * 3);
  });
}

/** A fresh contender has the key within the attempt's deadline. */
async function contend(key: string): Promise<void> {
  const since = performance.now();
  try {
    const lock = await direct.service.acquire(key, { wait: 10 * commandTimeoutMs });
    report.freeAfterMs.push(performance.now() - since);
    await lock.release();
  } catch (error) {
    report.stuck.push(String(error));
  }
}

/** The lane's own calls may fail, with an error of the library's. */
async function noted<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    const value = await call;
    count(report.outcomes, 'done');
    return value;
  } catch (error) {
    count(report.outcomes, error instanceof LockError ? error.code : String(error));
    return undefined;
  }
}

function anyFate(random: Random): Fate {
  const fates: readonly Fate[] = [
    { kind: 'cut-after' },
    { kind: 'cut-after' },
    { kind: 'cut-before' },
    { kind: 'cut-within', bytes: 1 + Math.floor(random() * 8) },
    { kind: 'late', ms: random() * 1.5 * commandTimeoutMs },
    { kind: 'pass' },
  ];
  return fates[Math.floor(random() * fates.length)] ?? { kind: 'pass' };
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
