import { buy } from './buyer.mjs';
import { served } from './patient.mjs';

const PATIENCE_MS = 30_000;

/** @typedef {'none' | 'locked' | 'retry' | 'fenced'} Strategy */

/**
 * What one strategy did. `lostUpdates` is how many pieces were sold without the stock having become less.
 * @typedef {{ requests: number, succeeded: number, stockLeft: number, expectedStock: number, lostUpdates: number }} SaleResult
 */

/**
 * Sells a new product to many buyers at once, spread over all instances.
 * @param {{ strategy: Strategy, stock: number, buyers: number, urls: string[], client: import('./shop-client.mjs').ShopClient, onProgress: (sold: number, done: number) => void }} sale
 */
export async function sell({ strategy, stock, buyers, urls, client, onProgress }) {
  const [first = ''] = urls;
  const { id } = served(await client.post(`${first}/products`, { name: `Demo: ${strategy}`, stock }));
  let sold = 0;
  let done = 0;
  const since = performance.now();
  const purchases = await Promise.all(
    Array.from({ length: buyers }, async (_, i) => {
      const url = `${urls[i % urls.length]}/inventory/${id}/decrement?strategy=${strategy}`;
      const purchase = await buy(client, url, { patienceMs: PATIENCE_MS });
      if (purchase.end === 'bought') sold++;
      onProgress(sold, ++done);
      return purchase;
    }),
  );
  const ms = Math.round(performance.now() - since);
  const { stock: stockLeft = NaN } = served(await client.get(`${first}/products/${id}`));
  /** @type {SaleResult} */
  const result = { requests: buyers, succeeded: sold, stockLeft, expectedStock: stock - sold, lostUpdates: stockLeft - (stock - sold) };
  return { strategy, result, ms, purchases };
}

/** @typedef {Awaited<ReturnType<typeof sell>>} Sale */
