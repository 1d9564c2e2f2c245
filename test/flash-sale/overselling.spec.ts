import libsql from 'libsql';
import { buy } from '../../apps/flash-sale/scripts/demo/buyer.mjs';
import { ShopClient } from '../../apps/flash-sale/scripts/demo/shop-client.mjs';
import { Owned } from '../faults/support/owned.js';
import { Shop } from './support/shop.js';

const PATIENCE_MS = 60_000;

interface Order {
  readonly id: number;
  readonly userId: string;
}

describe('many buyers at once, at three instances', () => {
  const owned = new Owned();
  const client = new ShopClient();
  let shop: Shop;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 3 }));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  /** Sells a product to buyers who come all at once and try again while the shop is busy. Returns how many got one, and what is left. */
  async function sell(strategy: string, stock: number, buyers: number): Promise<{ sold: number; left: number }> {
    const id = await shop.offer(stock);
    const purchases = await Promise.all(
      Array.from({ length: buyers }, (_, i) =>
        buy(client, `${shop.url(i)}/inventory/${String(id)}/decrement?strategy=${strategy}`, { patienceMs: PATIENCE_MS }),
      ),
    );
    expect(purchases.filter(({ end }) => end !== 'bought' && end !== 'sold out')).toEqual([]);
    return { sold: purchases.filter(({ end }) => end === 'bought').length, left: await shop.stockOf(id) };
  }

  it('lose updates without a lock', async () => {
    const { sold, left } = await sell('none', 60, 120);
    expect(sold).toBeGreaterThan(60 - left);
  }, 150_000);

  it.each(['locked', 'retry', 'fenced'])(
    'get exactly what is there by strategy %s',
    async (strategy) => {
      expect(await sell(strategy, 40, 120)).toEqual({ sold: 40, left: 0 });
    },
    150_000,
  );

  it('get exactly what is there by all of the strategies together', async () => {
    const id = await shop.offer(30);
    const way = (i: number): string => {
      const strategy = ['locked', 'retry', 'fenced'][i % 3] ?? '';
      return `${shop.url(Math.floor(i / 3))}/inventory/${String(id)}/decrement?strategy=${strategy}`;
    };
    const purchases = await Promise.all(Array.from({ length: 90 }, (_, i) => buy(client, way(i), { patienceMs: PATIENCE_MS })));
    expect(purchases.filter(({ end }) => end === 'bought')).toHaveLength(30);
    expect(await shop.stockOf(id)).toBe(0);
  }, 150_000);

  it('get one piece each in the flash sale, however often they ask', async () => {
    const stock = 25;
    const users = Array.from({ length: 40 }, (_, i) => `user-${String(i)}`);
    const id = await shop.offer(stock);
    // Every user three times, at a different instance each time.
    const requests = users.flatMap((userId, i) => [0, 1, 2].map((more) => ({ userId, instance: i + more })));
    const confirmed = (
      await Promise.all(
        requests.map(async ({ userId, instance }) => {
          const status = await untilSettled(() => shop.post<{ code: string }>(`/seckill/${String(id)}`, { userId }, instance));
          return status === 201 ? [userId] : [];
        }),
      )
    ).flat();

    const { body: orders } = await shop.get<Order[]>(`/orders?productId=${String(id)}`);
    expect(orders).toHaveLength(stock);
    expect(new Set(orders.map(({ userId }) => userId)).size).toBe(stock);
    expect(confirmed.sort()).toEqual(orders.map(({ userId }) => userId).sort());
    expect(await shop.stockOf(id)).toBe(0);
  }, 150_000);

  it('are refused where somebody with a higher fence has claimed the row', async () => {
    const id = await shop.offer(5);
    const path = `/inventory/${String(id)}/decrement?strategy=fenced`;
    expect(await shop.post(path)).toMatchObject({ status: 200, body: { stock: 4 } });
    const database = new libsql(shop.databaseFile, { timeout: 5_000 });
    try {
      const { fence } = database.prepare('SELECT fence FROM products WHERE id = ?').get(id) as { fence: number };
      // Fences are the server's time in microseconds.
      expect(Math.abs(fence / 1_000 - Date.now())).toBeLessThan(60_000);
      // As by a holder that got the lock after this one's lease had ended unnoticed.
      database.prepare('UPDATE products SET fence = ? WHERE id = ?').run(fence + 3_600e6, id);
    } finally {
      database.close();
    }
    expect(await shop.post(path)).toMatchObject({ status: 409, body: { code: 'STALE_FENCE' } });
    expect(await shop.stockOf(id)).toBe(4);
  });
});

/** Asks again while the shop is busy, as the answer asks for, only sooner. */
async function untilSettled(ask: () => Promise<{ status: number; body: { code: string } }>): Promise<number> {
  const since = performance.now();
  while (performance.now() - since < PATIENCE_MS) {
    const { status, body } = await ask();
    if (body.code !== 'LOCK_BUSY') return status;
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 200));
  }
  throw new Error('The shop was busy all the time.');
}
