import { served, untilServed } from './patient.mjs';

/** @typedef {'none' | 'locked'} ReadStrategy */

/**
 * What readers saw while prices were set: `torn` are those of half of one price and half of another.
 * @typedef {{ writes: number, reads: number, torn: number }} PricesResult
 */

/**
 * Sets one price after another, at all instances, while readers look at it all the time.
 * @param {{ strategy: ReadStrategy, writes: number, readers: number, urls: string[], client: import('./shop-client.mjs').ShopClient }} options
 * @returns {Promise<PricesResult>}
 */
export async function readWhileWriting({ strategy, writes, readers, urls, client }) {
  const [first = ''] = urls;
  const { id } = served(await client.post(`${first}/products`, { name: `Demo: prices, ${strategy}`, stock: 0 }));
  /** @param {number} i */
  const path = (i) => `${urls[i % urls.length]}/catalog/${id}/price`;
  /** @param {number} i */
  const set = async (i) => served(await untilServed(() => client.put(path(i), { price: 10_000 + 10 * i })));
  const prices = [await set(0)];

  let isWriting = true;
  const writing = (async () => {
    for (let i = 1; i <= writes; i++) prices.push(await set(i));
  })().finally(() => (isWriting = false));
  const seen = await Promise.all(
    Array.from({ length: readers }, async (_, i) => {
      const own = [];
      while (isWriting) own.push(served(await untilServed(() => client.get(`${path(i)}?strategy=${strategy}`))));
      return own;
    }),
  );
  await writing;

  const whole = new Set(prices.map((price) => JSON.stringify(price)));
  const reads = seen.flat();
  return { writes, reads: reads.length, torn: reads.filter((price) => !whole.has(JSON.stringify(price))).length };
}
