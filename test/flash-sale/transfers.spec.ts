import { Locks } from '../faults/support/locks.js';
import { Owned } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { ShopDatabase } from './support/shop-database.js';
import { Shop, type Answer } from './support/shop.js';

interface Transfer {
  readonly fromProductId: number;
  readonly toProductId: number;
  readonly quantity: number;
  readonly fromStock: number;
  readonly toStock: number;
}

const INSTANCES = 2;
const EACH = 20;
const STOCK = 200;

describe('transfers between two products', () => {
  const owned = new Owned();
  let shop: Shop;
  let database: ShopDatabase;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: INSTANCES }));
    database = owned.add(new ShopDatabase(shop.databaseFile));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  const transfer = (fromProductId: unknown, toProductId: unknown, quantity: unknown, instance = 0): Promise<Answer<Transfer>> =>
    shop.post('/inventory/transfer', { fromProductId, toProductId, quantity }, instance);

  /** Transfers that are all sent at once, and the rest of what they left behind. */
  const allOk = (answers: readonly Answer<unknown>[]): void => expect(answers.filter(({ status }) => status !== 200)).toEqual([]);

  it('take from one and add to the other', async () => {
    const [from, to] = [await shop.offer(5), await shop.offer(0)];
    const { status, body } = await transfer(from, to, 3);
    expect({ status, body }).toEqual({
      status: 200,
      body: { fromProductId: from, toProductId: to, quantity: 3, fromStock: 2, toStock: 3 },
    });
    expect([await shop.stockOf(from), await shop.stockOf(to)]).toEqual([2, 3]);
  });

  it('take nothing where there is not enough', async () => {
    const [from, to] = [await shop.offer(2), await shop.offer(1)];
    expect(await transfer(from, to, 3)).toMatchObject({ status: 409, body: { code: 'NOT_ENOUGH_STOCK' } });
    expect(await transfer(from, 999_999, 1)).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
    expect(await transfer(999_999, to, 1)).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
    expect([await shop.stockOf(from), await shop.stockOf(to)]).toEqual([2, 1]);
  });

  it.each([
    [1, 1, 1, 'toProductId must differ from fromProductId'],
    [1, 2, 0, 'quantity must not be less than 1'],
    [1, 2, 1001, 'quantity must not be greater than 1000'],
    ['1', 2, 1, 'fromProductId must be an integer number'],
    [1, undefined, 1, 'toProductId must be an integer number'],
  ])('are refused from %j to %j of %j', async (from, to, quantity, fault) => {
    expect(await transfer(from, to, quantity)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', faults: [fault] } });
  });

  it.each(['from', 'to'])('wait while somebody else sells the product they go %s', async (side) => {
    const [from, to] = [await shop.offer(5), await shop.offer(5)];
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    const others = owned.add(await Locks.open(REDIS_URL, { keyPrefix: LOCK_KEY_PREFIX }));
    const key = `inventory:${String(side === 'from' ? from : to)}`;
    const { sent } = await others.service.withLock(key, async () => {
      const waiting = transfer(from, to, 1);
      await until('the request stands in line', 20_000, async () => (await others.service.inspect(key)).waitingProcesses > 0);
      expect([await shop.stockOf(from), await shop.stockOf(to)]).toEqual([5, 5]);
      return { sent: waiting };
    });
    expect(await sent).toMatchObject({ status: 200, body: { fromStock: 4, toStock: 6 } });
  });

  it('are refused, and take nothing, where somebody with a higher fence has claimed the second product meanwhile', async () => {
    const [from, to] = [await shop.offer(5), await shop.offer(5)];
    // As by a holder that got the lock after this one's lease had ended unnoticed, just when the first product's stock is saved.
    database.run(`CREATE TRIGGER overtaken AFTER UPDATE OF stock ON products WHEN NEW.id = ${String(from)}
      BEGIN UPDATE products SET fence = fence + 1 WHERE id = ${String(to)}; END`);
    try {
      expect(await transfer(from, to, 1)).toMatchObject({ status: 409, body: { code: 'STALE_FENCE' } });
    } finally {
      database.run('DROP TRIGGER overtaken');
    }
    expect([await shop.stockOf(from), await shop.stockOf(to)]).toEqual([5, 5]);
    expect(await transfer(from, to, 1)).toMatchObject({ status: 200 });
  });

  it('there and back at the same time, at all instances, lose nothing and do not block each other', async () => {
    const [a, b] = [await shop.offer(STOCK), await shop.offer(STOCK)];
    const planned = Array.from({ length: INSTANCES * EACH }, (_, i) => ({
      ways: i % 2 === 0 ? ([a, b] as const) : ([b, a] as const),
      quantity: 1 + (i % 5),
      instance: Math.floor(i / 2),
    }));
    // And sales, which take one of the locks alone.
    const sold = 10;
    const [transfers, sales] = await Promise.all([
      Promise.all(planned.map(({ ways: [from, to], quantity, instance }) => transfer(from, to, quantity, instance))),
      Promise.all(Array.from({ length: sold }, (_, i) => shop.post(`/inventory/${String(a)}/decrement?strategy=locked`, undefined, i))),
    ]);
    allOk([...transfers, ...sales]);

    const moved = planned.reduce((sum, { ways: [from], quantity }) => sum + (from === a ? quantity : -quantity), 0);
    expect({ a: await shop.stockOf(a), b: await shop.stockOf(b) }).toEqual({ a: STOCK - moved - sold, b: STOCK + moved });
  }, 60_000);

  it('in a circle, at all instances, lose nothing and do not block each other', async () => {
    const ids = [await shop.offer(STOCK), await shop.offer(STOCK), await shop.offer(STOCK)];
    const planned = Array.from({ length: INSTANCES * EACH }, (_, i) => ({
      from: ids[i % 3],
      to: ids[(i + 1) % 3],
      quantity: 1 + (i % 4),
      instance: i,
    }));
    allOk(await Promise.all(planned.map(({ from, to, quantity, instance }) => transfer(from, to, quantity, instance))));

    const expected = ids.map((id) =>
      planned.reduce((stock, { from, to, quantity }) => stock + (to === id ? quantity : 0) - (from === id ? quantity : 0), STOCK),
    );
    expect(await Promise.all(ids.map((id) => shop.stockOf(id)))).toEqual(expected);
  }, 60_000);
});
