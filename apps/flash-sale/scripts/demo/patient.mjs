import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

/**
 * Asks again where the shop is busy, after a random part of what `Retry-After` says, until it has waited for 30 s.
 * @param {() => Promise<import('./shop-client.mjs').Answer>} ask
 */
export async function untilServed(ask) {
  const since = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer.body?.code !== 'LOCK_BUSY' || performance.now() - since > PATIENCE_MS) return answer;
    await pause(Math.random() * 1000 * Number(answer.retryAfter ?? 1));
  }
}

/**
 * The body of an answer that has to be a success.
 * @param {import('./shop-client.mjs').Answer} answer
 */
export function served({ status, body, text }) {
  if (status >= 300 || body === undefined) throw new Error(`An instance answered ${status}: ${text}`);
  return body;
}
