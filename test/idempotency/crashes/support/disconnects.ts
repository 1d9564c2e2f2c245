import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { randomFrom } from '../../../faults/support/random.js';
import { HttpStage, type Framework } from '../../support/http-stage.js';
import { order } from './order-client.js';
import { orderController, TRIAL_HEADER } from './order.controller.js';

export interface DisconnectReport {
  readonly requests: number;
  /** Requests whose client went before it had the reply. */
  readonly gone: number;
  /** Handlers that ran for a client that had gone, so that its retry was a replay. */
  readonly detached: number;
  readonly faults: string[];
}

interface Disconnects {
  readonly url: string;
  readonly framework: Framework;
  readonly requests: number;
  readonly seed: number;
}

const CLIENTS = 16;
const WORK_MS = 20;
/** Some have their reply before they go. */
const LONGEST_STAY_MS = 40;

/** Clients that leave at any moment and come back: each order runs once, and every retry is told the same. */
export async function disconnectClients({ url, framework, requests, seed }: Disconnects): Promise<DisconnectReport> {
  const random = randomFrom(seed);
  const starts = new Map<string, string[]>();
  const onStart = new Map<string, () => void>();
  const controller = orderController({
    note: ({ key, trial }) => {
      starts.set(key, [...(starts.get(key) ?? []), trial]);
      onStart.get(key)?.();
    },
    workMs: () => WORK_MS * random(),
  });
  const idempotency = { scope: 'global', lease: '10s' } as const;
  const stage = await HttpStage.open({ framework, controllers: [controller], idempotency, module: { connection: url } });
  const faults: string[] = [];
  let sent = 0;
  let gone = 0;

  const oneOrder = async (key: string): Promise<void> => {
    const path = `${stage.url}/${random() < 0.5 ? 'retry' : 'observable'}`;
    // Half of them go once the handler has started, however slow the machine is; the others at any moment.
    const isWithin = random() < 0.5;
    const started = isWithin ? new Promise<void>((resolve) => onStart.set(key, resolve)) : Promise.resolve();
    const moment = started.then(() => pause((isWithin ? WORK_MS : LONGEST_STAY_MS) * random()));
    const first = await leaveAt(moment, path, key, !isWithin && random() < 0.1);
    if (first === undefined) gone++;
    const second = await order(() => path, key, 'second');
    const third = await order(() => path, key, 'third');
    const ran = starts.get(key) ?? [];
    if (ran.length !== 1) faults.push(`${key}: started ${String(ran.length)} times (${ran.join()})`);
    if (!second.isReplay && ran[0] !== 'second') faults.push(`${key}: the retry is no replay`);
    if (!third.isReplay) faults.push(`${key}: the second retry is no replay`);
    const bodies = new Set([second.body, third.body, ...(first === undefined ? [] : [first])]);
    if (bodies.size > 1) faults.push(`${key}: different replies ${[...bodies].join(' | ')}`);
  };
  const client = async (): Promise<void> => {
    while (sent < requests) {
      const key = `order-${String(sent++)}`;
      await oneOrder(key).catch((error: unknown) => faults.push(String(error)));
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, client));
  } finally {
    await stage.close();
  }
  const detached = [...starts.values()].filter(([trial]) => trial === 'first').length - (requests - gone);
  return { requests, gone, detached, faults };
}

/** Sends an order, or a part of one, and destroys the connection at a moment; the reply's body where it was there before. */
function leaveAt(moment: Promise<void>, url: string, key: string, isPart: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const body = isPart ? { 'Content-Type': 'application/json', 'Content-Length': 64 } : { 'Content-Length': 0 };
    const sending = request(url, { method: 'POST', agent: false, headers: { 'Idempotency-Key': key, [TRIAL_HEADER]: 'first', ...body } });
    // What is cut off is what this is about.
    sending.on('error', () => resolve(undefined));
    sending.on('close', () => resolve(undefined));
    sending.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(response.statusCode === 201 ? text : undefined));
      response.on('error', () => resolve(undefined));
    });
    if (isPart) sending.write('{"part":');
    else sending.end();
    void moment.then(() => sending.destroy());
  });
}
