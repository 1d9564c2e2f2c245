import { served, untilServed } from './patient.mjs';

/**
 * What became of buyers of whom some could not pay. `left` is the stock.
 * @typedef {{ buyers: number, sold: number, orders: number, declined: number, left: number, stock: number }} CheckoutsResult
 */

/**
 * Sells through all steps of a checkout, to more buyers than there are pieces; every third has a card that is declined, so that what was set
 * aside has to come back.
 * @param {{ stock: number, buyers: number, urls: string[], client: import('./shop-client.mjs').ShopClient }} options
 * @returns {Promise<CheckoutsResult>}
 */
export async function checkOut({ stock, buyers, urls, client }) {
  const [first = ''] = urls;
  const { id: productId } = served(await client.post(`${first}/products`, { name: 'Demo: checkout', stock }));
  served(await client.put(`${first}/catalog/${productId}/price`, { price: 1_000 }));
  const answers = await Promise.all(
    Array.from({ length: buyers }, (_, i) => {
      const request = { productId, quantity: 1, card: i % 3 === 0 ? 'declined' : 'visa' };
      const headers = { authorization: `Bearer buyer-${i}` };
      return untilServed(() => client.post(`${urls[i % urls.length]}/checkout`, request, headers));
    }),
  );
  const unexpected = answers.find(({ status, body }) => status !== 201 && status !== 402 && body?.code !== 'SOLD_OUT');
  if (unexpected !== undefined) served(unexpected);

  const listed = await client.get(`${first}/orders?productId=${productId}`);
  const { stock: left = NaN } = served(await client.get(`${first}/products/${productId}`));
  /** @param {number} status */
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  const orders = Array.isArray(listed.body) ? listed.body.length : NaN;
  return { buyers, sold: count(201), orders, declined: count(402), left, stock };
}
