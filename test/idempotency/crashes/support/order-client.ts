import { setTimeout as pause } from 'node:timers/promises';
import type { IdempotencyProblem } from 'nestjs-redis-lock';
import { TRIAL_HEADER } from './order.controller.js';

/** What a client was told in the end; without a body, that nobody knows what became of its request. */
export interface OrderReply {
  readonly body: string | undefined;
  readonly isReplay: boolean;
  /** It could not be stored in time. */
  readonly isUnstored: boolean;
}

const PATIENCE_MS = 20_000;
const PAUSE_MS = 30;
const AGAIN = ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_STORE_UNAVAILABLE'];

/** Sends one try of an order. */
export function sendOrder(url: string, key: string, trial: string): Promise<Response> {
  const headers = { 'Idempotency-Key': key, [TRIAL_HEADER]: trial };
  return fetch(url, { method: 'POST', headers, signal: AbortSignal.timeout(5_000) });
}

/**
 * Repeats an order until it is told what became of it.
 * @param urlOf where the next try goes
 * @throws for an answer that is none of those that a client may expect, and when there is none in time
 */
export async function order(urlOf: () => string, key: string, trial: string): Promise<OrderReply> {
  const until = performance.now() + PATIENCE_MS;
  let last = 'none';
  while (performance.now() < until) {
    let response: Response;
    let body: string;
    try {
      response = await sendOrder(urlOf(), key, trial);
      body = await response.text();
    } catch (error) {
      // The process is gone, before or amid its reply.
      last = String(error);
      await pause(PAUSE_MS);
      continue;
    }
    if (response.status === 201) {
      const { headers } = response;
      return {
        body,
        isReplay: headers.get('Idempotent-Replayed') === 'true',
        isUnstored: headers.get('Idempotency-Status') === 'unstored',
      };
    }
    const { code } = JSON.parse(body) as IdempotencyProblem; // every refusal of the library is one
    if (code === 'IDEMPOTENCY_OUTCOME_UNKNOWN') return { body: undefined, isReplay: false, isUnstored: false };
    if (!AGAIN.includes(code)) throw new Error(`${key}: ${String(response.status)} ${body}`);
    last = code;
    await pause(PAUSE_MS);
  }
  throw new Error(`${key}: no answer within ${String(PATIENCE_MS)} ms; the last was ${last}`);
}
