import { Owned } from '../faults/support/owned.js';
import { ShopDatabase } from './support/shop-database.js';
import { Shop, type Answer } from './support/shop.js';

interface Checkout {
  readonly id: number;
  readonly productId: number;
  readonly userId: string;
  readonly quantity: number;
  readonly cents: number;
  readonly fence: number;
}

interface Reservation {
  readonly state: string;
  readonly fence: number;
  readonly payment: string | null;
  readonly paymentFence: number | null;
}

const PRICE = 1_000;
const SALE_PRICE = 900;

describe('checkout, at two instances', () => {
  const owned = new Owned();
  let shop: Shop;
  let database: ShopDatabase;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 2 }));
    database = owned.add(new ShopDatabase(shop.databaseFile));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  async function priced(stock: number): Promise<number> {
    const id = await shop.offer(stock);
    expect(await shop.put(`/catalog/${String(id)}/price`, { price: PRICE })).toMatchObject({ status: 200 });
    return id;
  }

  const checkout = (body: object, user = 'alice', instance = 0): Promise<Answer<Checkout>> =>
    shop.send('POST', '/checkout', { authorization: `Bearer ${user}` }, body, instance);

  const reservationsOf = (productId: number): Reservation[] =>
    database.rows(
      `SELECT r.state, r.fence, p.state AS payment, p.fence AS "paymentFence"
       FROM reservations r LEFT JOIN payments p ON p."reservationId" = r.id WHERE r."productId" = ? ORDER BY r.id`,
      productId,
    );
  const ordersOf = async (productId: number): Promise<Checkout[]> =>
    (await shop.get<Checkout[]>(`/orders?productId=${String(productId)}`)).body;
  const fenceOf = (productId: number): number => database.number('SELECT fence FROM products WHERE id = ?', productId);

  it('reserves, charges and hands over under one lock and one fence, entering the lock again in every step', async () => {
    const id = await priced(5);
    const { status, body } = await checkout({ productId: id, quantity: 2, card: 'visa' });
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        id: expect.any(Number),
        productId: id,
        userId: 'alice',
        quantity: 2,
        createdAt: expect.any(String),
        cents: 2 * SALE_PRICE,
        fence: expect.any(Number),
      },
    });
    expect(await shop.stockOf(id)).toBe(3);
    expect(await ordersOf(id)).toMatchObject([{ id: body.id, userId: 'alice', quantity: 2 }]);
    expect(reservationsOf(id)).toEqual([{ state: 'sold', fence: body.fence, payment: 'charged', paymentFence: body.fence }]);
    expect(fenceOf(id)).toBe(body.fence);

    const next = await checkout({ productId: id, quantity: 3, card: 'visa' }, 'bob', 1);
    expect(next.body.fence).toBeGreaterThan(body.fence);
    expect(await shop.stockOf(id)).toBe(0);
  });

  it('puts everything back when the card is declined', async () => {
    const id = await priced(2);
    expect(await checkout({ productId: id, quantity: 2, card: 'declined' })).toMatchObject({
      status: 402,
      body: { title: 'Payment Required', code: 'PAYMENT_DECLINED' },
    });
    expect(reservationsOf(id)).toEqual([{ state: 'cancelled', fence: fenceOf(id), payment: null, paymentFence: null }]);
    expect(await shop.stockOf(id)).toBe(2);
    expect(await checkout({ productId: id, quantity: 2, card: 'visa' }, 'bob', 1)).toMatchObject({ status: 201 });
  });

  it('puts everything back, the money too, when the order cannot be made', async () => {
    const id = await priced(2);
    database.run(`CREATE TRIGGER refused BEFORE INSERT ON orders WHEN NEW."productId" = ${String(id)}
      BEGIN SELECT RAISE(ABORT, 'no more orders'); END`);
    try {
      expect(await checkout({ productId: id, quantity: 1, card: 'visa' })).toMatchObject({ status: 500 });
    } finally {
      database.run('DROP TRIGGER refused');
    }
    expect(reservationsOf(id)).toMatchObject([{ state: 'cancelled', payment: 'refunded' }]);
    expect([await ordersOf(id), await shop.stockOf(id)]).toEqual([[], 2]);
  });

  it('hands nothing over where somebody with a higher fence has claimed the product since it was reserved', async () => {
    const id = await priced(2);
    // As by a holder that got the lock after this one's lease had ended unnoticed, while the buyer paid.
    database.run(`CREATE TRIGGER overtaken AFTER INSERT ON payments
      BEGIN UPDATE products SET fence = fence + 1 WHERE id = ${String(id)}; END`);
    try {
      expect(await checkout({ productId: id, quantity: 1, card: 'visa' })).toMatchObject({ status: 409, body: { code: 'STALE_FENCE' } });
    } finally {
      database.run('DROP TRIGGER overtaken');
    }
    // Its stock is not ours to write any more: the piece stays aside, and the journal says so.
    expect(reservationsOf(id)).toMatchObject([{ state: 'held', payment: 'refunded' }]);
    expect([await ordersOf(id), await shop.stockOf(id)]).toEqual([[], 1]);
    expect(shop.logs[0]?.filter((line) => /Reservation \d+ is still held/.test(line))).toHaveLength(1);
  });

  it.each([
    [{ quantity: 1, card: 'visa' }, 'productId must be an integer number'],
    [{ productId: 1, quantity: 0, card: 'visa' }, 'quantity must not be less than 1'],
    [{ productId: 1, quantity: 1 }, 'card must be a string'],
  ])('refuses %j', async (body, fault) => {
    expect(await checkout(body)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', faults: [fault] } });
  });

  it('needs a user, a product, a price and enough pieces', async () => {
    const id = await priced(1);
    const body = { productId: id, quantity: 1, card: 'visa' };
    expect(await shop.post('/checkout', body)).toMatchObject({ status: 401, body: { code: 'NOT_SIGNED_IN' } });
    expect(await checkout({ ...body, productId: 999_999 })).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
    expect(await checkout({ ...body, productId: await shop.offer(1) })).toMatchObject({ status: 404, body: { code: 'PRICE_NOT_SET' } });
    expect(await checkout({ ...body, quantity: 2 })).toMatchObject({ status: 409, body: { code: 'SOLD_OUT' } });
    expect([reservationsOf(id), await shop.stockOf(id)]).toEqual([[], 1]);
  });

  it('sells exactly the stock to many buyers at once, whose cards are not all good', async () => {
    const stock = 12;
    const id = await priced(stock);
    const buyers = Array.from({ length: 36 }, (_, i) => ({
      user: `user-${String(i)}`,
      card: i % 3 === 0 ? 'declined' : 'visa',
      instance: i,
    }));
    const answers = await Promise.all(
      buyers.map(({ user, card, instance }) => checkout({ productId: id, quantity: 1, card }, user, instance)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(stock);
    expect(answers.filter(({ status }) => ![201, 402, 409].includes(status))).toEqual([]);
    expect(answers.filter(({ body }) => 'code' in body && body.code === 'LOCK_BUSY')).toEqual([]);

    const orders = await ordersOf(id);
    const bought = buyers.filter((_, i) => answers[i]?.status === 201);
    expect(orders.map(({ userId }) => userId).sort()).toEqual(bought.map(({ user }) => user).sort());
    expect(bought.filter(({ card }) => card === 'declined')).toEqual([]);
    expect(await shop.stockOf(id)).toBe(0);

    const reservations = reservationsOf(id);
    const sold = reservations.filter(({ state }) => state === 'sold');
    expect(sold).toHaveLength(stock);
    expect(sold.filter(({ fence, payment, paymentFence }) => payment !== 'charged' || paymentFence !== fence)).toEqual([]);
    expect(reservations.filter(({ state }) => state === 'held')).toEqual([]);
    // A lock for each, and no fence twice.
    expect(new Set(reservations.map(({ fence }) => fence)).size).toBe(reservations.length);
  }, 60_000);
});
