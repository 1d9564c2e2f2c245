import { randomUUID } from 'node:crypto';
import { submit } from './submitter.mjs';

const PATIENCE_MS = 30_000;
const STOCK = 1000;

/**
 * What became of orders that were each submitted several times. `replayed` submits were answered with the stored reply of another.
 * @typedef {{ submits: number, orders: number, replayed: number, expectedOrders: number }} DuplicatesResult
 */

/**
 * Submits each order several times, at all instances at once and in no order, and has one instance killed when half of the orders are made.
 * There is stock for every submit, so that a second order for one key is not hidden by being sold out.
 * @param {{ orders: number, submitsEach: number, urls: string[], client: import('./shop-client.mjs').ShopClient, kill: () => void, onProgress: (answered: number) => void }} options
 */
export async function submitDuplicates({ orders, submitsEach, urls, client, kill, onProgress }) {
  // The last one is killed: it is not asked for results.
  const [first = ''] = urls;
  const product = await client.post(`${first}/products`, { name: 'Demo: duplicates', stock: STOCK });
  const productId = product.body?.id;
  if (productId === undefined) throw new Error(`An instance answered ${product.status}: ${product.text}`);

  const intents = Array.from({ length: orders }, (_, i) => ({ key: randomUUID(), buyer: `buyer-${i}` }));
  const planned = shuffled(intents.flatMap((intent) => Array.from({ length: submitsEach }, () => intent)));
  let made = 0;
  let answered = 0;
  const submits = await Promise.all(
    planned.map(async (intent, i) => {
      const options = { ...intent, order: { productId, quantity: 1 }, urls, first: i, patienceMs: PATIENCE_MS };
      const result = await submit(client, options);
      if (result.orderId !== undefined && !result.replayed && ++made === Math.floor(orders / 2)) kill();
      onProgress(++answered);
      return result;
    }),
  );

  const listed = await client.get(`${first}/orders?productId=${productId}`);
  const { body: left } = await client.get(`${first}/products/${productId}`);
  /** @type {DuplicatesResult} */
  const result = {
    submits: submits.length,
    orders: Array.isArray(listed.body) ? listed.body.length : NaN,
    replayed: submits.filter(({ replayed }) => replayed).length,
    expectedOrders: orders,
  };
  return { result, submits, taken: STOCK - (left?.stock ?? NaN) };
}

/** @typedef {Awaited<ReturnType<typeof submitDuplicates>>} Duplicates */

/**
 * @template T
 * @param {T[]} items
 */
function shuffled(items) {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
