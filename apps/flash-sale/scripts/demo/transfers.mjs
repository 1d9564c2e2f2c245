import { served, untilServed } from './patient.mjs';

const STOCK = 500;

/**
 * What is there of two products after transfers between them, and what should be.
 * @typedef {{ transfers: number, total: number, expectedTotal: number, stocks: number[], expectedStocks: number[] }} TransfersResult
 */

/**
 * Moves pieces there and back between two products, all at once and at all instances.
 * @param {{ transfers: number, urls: string[], client: import('./shop-client.mjs').ShopClient }} options
 */
export async function transferBothWays({ transfers, urls, client }) {
  const [first = ''] = urls;
  const offer = async () => Number(served(await client.post(`${first}/products`, { name: 'Demo: transfers', stock: STOCK })).id);
  const ids = [await offer(), await offer()];
  const expectedStocks = [STOCK, STOCK];
  const planned = Array.from({ length: transfers }, (_, i) => {
    const [from, to] = i % 2 === 0 ? [0, 1] : [1, 0];
    const quantity = 1 + (i % 5);
    expectedStocks[from] = (expectedStocks[from] ?? NaN) - quantity;
    expectedStocks[to] = (expectedStocks[to] ?? NaN) + quantity;
    return { url: `${urls[Math.floor(i / 2) % urls.length]}/inventory/transfer`, fromProductId: ids[from], toProductId: ids[to], quantity };
  });
  await Promise.all(planned.map(async ({ url, ...transfer }) => served(await untilServed(() => client.post(url, transfer)))));

  const stocks = await Promise.all(ids.map(async (id) => Number(served(await client.get(`${first}/products/${id}`)).stock)));
  /** @type {TransfersResult} */
  const result = { transfers, total: stocks.reduce((sum, stock) => sum + stock, 0), expectedTotal: 2 * STOCK, stocks, expectedStocks };
  return result;
}
