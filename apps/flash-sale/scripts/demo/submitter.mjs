import { setTimeout as pause } from 'node:timers/promises';

const RECONNECT_MS = 100;
/** Answers after which the same request may be sent again: nothing was done, or somebody is still at it. */
const COME_BACK = ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_STORE_UNAVAILABLE', 'LOCK_BUSY', 'LOCK_STORE', 'LOCK_LOST'];

/**
 * What one submit came to: the order that its answer names, or an answer that nobody should get.
 * @typedef {{ key: string, orderId?: number, replayed: boolean, failure?: string }} Submit
 */

/**
 * Sends an order until it is answered, to one instance after another: at once where there is no connection, after `Retry-After` where the answer
 * asks for that. It is always the same request with the same key, so that it does not matter whether an earlier one came through.
 * @param {import('./shop-client.mjs').ShopClient} client
 * @param {{ key: string, buyer: string, order: object, urls: string[], first: number, patienceMs: number }} submit
 * @returns {Promise<Submit>}
 */
export async function submit(client, { key, buyer, order, urls, first, patienceMs }) {
  const since = performance.now();
  const headers = { authorization: `Bearer ${buyer}`, 'idempotency-key': key };
  let last = 'no answer';
  for (let at = first; performance.now() - since < patienceMs; at++) {
    const answer = await client.post(`${urls[at % urls.length]}/orders`, order, headers).catch((/** @type {unknown} */ error) => error);
    if (answer instanceof Error) {
      last = answer.message;
      await pause(RECONNECT_MS);
      continue;
    }
    const { status, body, text, retryAfter, isReplayed } = /** @type {import('./shop-client.mjs').Answer} */ (answer); // else it is an Error
    if (status === 201 && body?.id !== undefined) return { key, orderId: body.id, replayed: isReplayed };
    last = `${status} ${text}`;
    if (!COME_BACK.includes(body?.code ?? '')) break;
    await pause(1000 * Number(retryAfter ?? 1));
  }
  return { key, replayed: false, failure: last };
}
