import { Owned } from '../faults/support/owned.js';
import { Shop } from './support/shop.js';

const STOCK = 8;
const USERS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];

describe('transactions of requests that one process answers at the same time', () => {
  const owned = new Owned();
  let shop: Shop;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 1 }));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  it('stay apart: what one rolls back is nothing that another was told is done', async () => {
    const offered = await Promise.all(Array.from({ length: 6 }, () => shop.offer(STOCK)));
    const soldOut = await shop.offer(0);

    // Every purchase of a product that is sold out, and every second one by the same user, begins a transaction and rolls it back.
    const purchases = offered.flatMap((productId) => [...USERS, ...USERS].map((userId) => ({ productId, userId })));
    const results = await Promise.all(
      purchases.flatMap(({ productId, userId }) => [buy(productId, userId), buy(soldOut, userId), decrement(productId)]),
    );
    const done = results.filter(({ status }) => status === 200 || status === 201);
    expect(results.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
    expect(done.filter(({ productId }) => productId === soldOut)).toEqual([]);

    for (const productId of offered) {
      const { body: orders } = await shop.get<{ userId: string }[]>(`/orders?productId=${String(productId)}`);
      const ours = done.filter((result) => result.productId === productId);
      expect(orders.map(({ userId }) => userId).sort()).toEqual(ours.flatMap(({ userId }) => userId ?? []).sort());
      expect(await shop.stockOf(productId)).toBe(STOCK - ours.length);
    }
    // Otherwise nothing was sold beside what was rolled back.
    expect(done.length).toBeGreaterThan(offered.length);
  }, 150_000);

  interface Result {
    readonly productId: number;
    readonly userId?: string;
    readonly status: number;
  }

  async function buy(productId: number, userId: string): Promise<Result> {
    return { productId, userId, status: (await shop.post(`/seckill/${String(productId)}`, { userId })).status };
  }

  async function decrement(productId: number): Promise<Result> {
    return { productId, status: (await shop.post(`/inventory/${String(productId)}/decrement?strategy=locked`)).status };
  }
});
