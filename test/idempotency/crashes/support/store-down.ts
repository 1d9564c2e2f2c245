import { CuttingProxy } from '../../../faults/support/cutting-proxy.js';
import { GivenTime } from '../../../faults/support/given-time.js';
import type { Owned } from '../../../faults/support/owned.js';
import { OwnRedis } from '../../../faults/support/own-redis.js';
import { HttpStage } from '../../support/http-stage.js';
import { order, sendOrder } from './order-client.js';
import { orderController } from './order.controller.js';

/** `held`: requests reach Redis only when the trouble is over; `paused`: Redis does nothing meanwhile; `silent`: nothing ever comes through. */
export const TROUBLES = ['held', 'paused', 'silent'] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface StoreDownReport {
  readonly requests: number;
  /** How many were refused with 503, and how long that took, in ms of the time that this process was given. */
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly longest: number;
  /** The longest that this process got no turn meanwhile, in ms: not in the times above. */
  readonly stall: number;
  /** From the trouble's end until every request was repeated with success, in ms. */
  readonly recovery: number;
  /** Handlers that started for a request that had been refused. */
  readonly late: number;
  readonly faults: string[];
}

const AT_ONCE = 20;
const ABANDONED = 'abandoned';

/** Sends requests while Redis cannot be asked, lets it come back, and sends each of them again. */
export async function askWhileStoreIsDown(owned: Owned, trouble: Trouble, requests: number): Promise<StoreDownReport> {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const starts = new Map<string, string[]>();
  const controller = orderController({
    note: ({ key, trial }) => starts.set(key, [...(starts.get(key) ?? []), trial]),
    workMs: () => 1,
  });
  const idempotency = { scope: 'global', lease: '2s' } as const;
  const stage = await HttpStage.open({ framework: 'express', controllers: [controller], idempotency, module: { connection: proxy.url } });
  const url = `${stage.url}/retry`;
  const keys = Array.from({ length: requests }, (_, i) => `order-${String(i)}`);
  const faults: string[] = [];
  const times: number[] = [];
  let recovery = 0;
  const given = new GivenTime();
  try {
    await order(() => url, 'before', 'before');
    const comeBack = begin(trouble, redis, proxy);
    await inTurns(keys, async (key) => {
      const since = given.now();
      const response = await sendOrder(url, key, ABANDONED);
      const body = await response.text();
      times.push(given.now() - since);
      if (response.status !== 503) faults.push(`${key}: ${String(response.status)} ${body}`);
    });
    given.end();
    comeBack();
    const since = performance.now();
    // The retries come after everything that was held back, over connections that work again.
    await inTurns(keys, async (key) => {
      await order(() => url, key, 'retry').catch((error: unknown) => faults.push(String(error)));
    });
    recovery = Math.round(performance.now() - since);
  } finally {
    given.end();
    await stage.close();
  }
  const late = [...starts.values()].filter((trials) => trials.includes(ABANDONED)).length;
  for (const key of keys) {
    const trials = starts.get(key) ?? [];
    if (trials.length !== 1) faults.push(`${key}: started ${String(trials.length)} times (${trials.join()})`);
  }
  times.sort((a, b) => a - b);
  const share = (part: number): number => Math.round(times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0);
  return {
    requests,
    refused: times.length,
    p50: share(0.5),
    p99: share(0.99),
    p999: share(0.999),
    longest: share(1),
    stall: Math.round(given.longest),
    recovery,
    late,
    faults,
  };
}

/** Begins the trouble; what it returns ends it. */
function begin(trouble: Trouble, redis: OwnRedis, proxy: CuttingProxy): () => void {
  if (trouble === 'paused') {
    redis.pause();
    return () => redis.resume();
  }
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  // What is swallowed is never let go; what connects afterwards works.
  const until = trouble === 'held' ? gate : new Promise<void>(() => undefined);
  proxy.decide = () => ({ kind: 'held', until });
  return () => {
    proxy.decide = () => ({ kind: 'pass' });
    letGo();
    if (trouble === 'silent') proxy.cut();
  };
}

async function inTurns(keys: readonly string[], send: (key: string) => Promise<void>): Promise<void> {
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) await send(key);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}
