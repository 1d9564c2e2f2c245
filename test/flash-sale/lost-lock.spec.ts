import { randomUUID } from 'node:crypto';
import { Owned } from '../faults/support/owned.js';
import { ShopDatabase } from './support/shop-database.js';
import { Shop } from './support/shop.js';

/** Longer than the lease of those who sell. */
const SLOW_MS = 5_000;

describe('whoever has lost the lock before the transaction ends', () => {
  const owned = new Owned();
  let shop: Shop;
  let database: ShopDatabase;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 1 }));
    database = owned.add(new ShopDatabase(shop.databaseFile));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  it.each([
    ['a purchase in the flash sale', (productId: number) => shop.post(`/seckill/${String(productId)}`, { userId: 'alice' })],
    [
      'an order',
      (productId: number) =>
        shop.send('POST', '/orders', { authorization: 'Bearer alice', 'idempotency-key': randomUUID() }, { productId, quantity: 1 }),
    ],
  ])(
    'commits nothing: %s',
    async (_, buy) => {
      const id = await shop.offer(1);
      const quicken = database.slowDown(`BEFORE INSERT ON orders WHEN NEW."productId" = ${String(id)}`, SLOW_MS);
      try {
        expect(await buy(id)).toMatchObject({ status: 500, body: { code: 'LOCK_LOST' } });
      } finally {
        quicken();
      }
      const { body: orders } = await shop.get(`/orders?productId=${String(id)}`);
      expect([orders, await shop.stockOf(id)]).toEqual([[], 1]);
      expect(await buy(id)).toMatchObject({ status: 201 });
    },
    60_000,
  );
});
