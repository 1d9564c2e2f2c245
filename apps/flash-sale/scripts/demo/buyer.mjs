import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 3_000;

/**
 * How it went for one buyer; `failed` is an answer that nobody should get.
 * @typedef {{ end: 'bought' | 'sold out' | 'gave up' | 'failed', tries: number, answer?: string }} Purchase
 */

/**
 * Buys one piece as a client would: where the shop is busy it comes back after a pause that grows from try to try up to what `Retry-After`
 * says, and is random, so that not all who were turned away come back at once.
 * @param {import('./shop-client.mjs').ShopClient} client
 * @param {string} url
 * @param {{ patienceMs: number }} options how long it goes on trying
 * @returns {Promise<Purchase>}
 */
export async function buy(client, url, { patienceMs }) {
  const since = performance.now();
  for (let tries = 1; ; tries++) {
    const { status, retryAfter, body, text } = await client.post(url);
    if (status === 200) return { end: 'bought', tries };
    if (body?.code === 'SOLD_OUT') return { end: 'sold out', tries };
    const comeBackMs = body?.code === 'STALE_FENCE' ? FIRST_PAUSE_MS : 1000 * Number(retryAfter);
    if (Number.isNaN(comeBackMs)) return { end: 'failed', tries, answer: `${status} ${text}` };
    const pauseMs = Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), comeBackMs);
    if (performance.now() - since + pauseMs > patienceMs) return { end: 'gave up', tries };
    await pause(pauseMs);
  }
}
