import { Locks } from '../faults/support/locks.js';
import { Owned } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { ShopDatabase } from './support/shop-database.js';
import { Shop, type Answer } from './support/shop.js';

interface Price {
  readonly productId: number;
  readonly listPrice: number;
  readonly salePrice: number;
  readonly validFrom: string;
  readonly version: number;
}

const START_MS = 150_000;
const WRITES = 12;
const READERS = 8;
/** Enough to go on until all is written, and an end in any case. */
const READS_EACH = 2_000;

describe('the price catalogue, at two instances', () => {
  const owned = new Owned();
  let shop: Shop;
  let database: ShopDatabase;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 2 }));
    database = owned.add(new ShopDatabase(shop.databaseFile));
  }, START_MS);
  afterAll(() => owned.end(), 30_000);

  const pathOf = (id: number): string => `/catalog/${String(id)}/price`;
  const setPrice = (id: number, price: number, instance = 0): Promise<Answer<Price>> => shop.put(pathOf(id), { price }, instance);
  const priceOf = (id: number, strategy: string, instance = 0): Promise<Answer<Price>> =>
    shop.get(`${pathOf(id)}?strategy=${strategy}`, instance);

  it('says what a product costs, at every instance, and which price is the later one', async () => {
    const id = await shop.offer(1);
    const first = await setPrice(id, 1_999);
    expect({ status: first.status, body: first.body }).toEqual({
      status: 200,
      body: { productId: id, listPrice: 1_999, salePrice: 1_799, validFrom: expect.any(String), version: expect.any(Number) },
    });
    for (const strategy of ['none', 'locked']) {
      expect(await priceOf(id, strategy, 1)).toMatchObject({ status: 200, body: first.body });
    }
    const second = await setPrice(id, 999, 1);
    expect(second.body.version).toBeGreaterThan(first.body.version);
    const { status, body } = await shop.get(pathOf(id));
    expect({ status, body }).toEqual({ status: 200, body: second.body });
  });

  it('tells a product without a price from no product', async () => {
    const id = await shop.offer(1);
    expect(await shop.get(pathOf(id))).toMatchObject({ status: 404, body: { code: 'PRICE_NOT_SET' } });
    expect(await shop.get(pathOf(999_999))).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
    expect(await setPrice(999_999, 100)).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
  });

  it.each([
    [{ price: 0 }, 'price must not be less than 1'],
    [{ price: 9.99 }, 'price must be an integer number'],
    [{}, 'price must be an integer number'],
  ])('refuses %j', async (body, fault) => {
    expect(await shop.put(pathOf(1), body)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', faults: [fault] } });
  });

  it('has readers and writers wait while somebody else writes, and writers while somebody else reads', async () => {
    const id = await shop.offer(1);
    await setPrice(id, 1_000);
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    const others = owned.add(await Locks.open(REDIS_URL, { keyPrefix: LOCK_KEY_PREFIX }));
    const key = `price:${String(id)}`;
    const inLine = (): Promise<unknown> =>
      until('the request stands in line', 20_000, async () => (await others.service.inspect(key)).waitingProcesses > 0);

    const reader = await others.service.acquire(key, { mode: 'read' });
    expect(await shop.get(pathOf(id))).toMatchObject({ status: 200, body: { listPrice: 1_000 } });
    const writing = setPrice(id, 2_000);
    await inLine();
    expect(await priceOf(id, 'none')).toMatchObject({ body: { listPrice: 1_000 } });
    await reader.release();
    expect(await writing).toMatchObject({ status: 200 });

    const writer = await others.service.acquire(key, { mode: 'write' });
    const reading = shop.get(pathOf(id));
    await inLine();
    await writer.release();
    expect(await reading).toMatchObject({ status: 200, body: { listPrice: 2_000 } });
  });

  it('gives up on a writer that does not leave', async () => {
    const id = await shop.offer(1);
    await setPrice(id, 1_000);
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    const others = owned.add(await Locks.open(REDIS_URL, { keyPrefix: LOCK_KEY_PREFIX }));
    await others.service.withLock(`price:${String(id)}`, { mode: 'write' }, async () => {
      const answers = await Promise.all([shop.get(pathOf(id)), setPrice(id, 2_000, 1)]);
      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 409, body: { code: 'LOCK_BUSY' } });
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
    });
    expect(await shop.get(pathOf(id))).toMatchObject({ status: 200, body: { listPrice: 1_000 } });
  });

  it('refuses a writer whose lock was lost to a later one', async () => {
    const id = await shop.offer(1);
    const { body } = await setPrice(id, 1_000);
    // As by a writer that got the lock after this one's lease had ended unnoticed.
    const later = body.version + 3_600e6;
    database.run(`UPDATE price_parts SET version = ${String(later)} WHERE "productId" = ${String(id)}`);
    expect(await setPrice(id, 2_000)).toMatchObject({ status: 409, body: { code: 'STALE_FENCE' } });
    expect(await shop.get(pathOf(id))).toMatchObject({ status: 200, body: { ...body, version: later } });
  });

  it('shows half a price to a reader without a lock who comes between two writes, and a whole one to a reader with it', async () => {
    const id = await shop.offer(1);
    await setPrice(id, 1_000);
    const quicken = database.slowDown(`BEFORE UPDATE ON price_parts WHEN NEW.kind = 'sale' AND NEW."productId" = ${String(id)}`, 1_000);
    const cents = (kind: string): number => database.number('SELECT cents FROM price_parts WHERE "productId" = ? AND kind = ?', id, kind);
    try {
      const writing = setPrice(id, 2_000, 0);
      await until('the first part is written', 20_000, () => cents('list') === 2_000);
      const reading = priceOf(id, 'locked', 1);
      const torn = await priceOf(id, 'none', 1);
      // Otherwise this machine was too slow for the test to say anything.
      expect(cents('sale')).toBe(900);
      expect(torn).toMatchObject({ status: 200, body: { listPrice: 2_000, salePrice: 900 } });

      const { status, body } = await reading;
      expect({ status, body }).toEqual({ status: 200, body: (await writing).body });
      expect(body).toMatchObject({ listPrice: 2_000, salePrice: 1_800 });
    } finally {
      quicken();
    }
  }, 60_000);

  describe('while many read and some write', () => {
    let quicken: () => void;

    // Wide enough that a reader without a lock gets between the two writes of a price for certain.
    beforeAll(() => {
      quicken = database.slowDown(`BEFORE UPDATE ON price_parts WHEN NEW.kind = 'sale'`, 30);
    });
    afterAll(() => quicken());

    /** What was read that was never set, and how much was read at all. */
    async function readAndWrite(
      strategy: string,
    ): Promise<{ torn: Price[]; reads: number; refused: unknown[]; last: Price; highest: number }> {
      const id = await shop.offer(1);
      const first = await setPrice(id, 1_000);
      let isWriting = true;
      const writes = Promise.all(Array.from({ length: WRITES }, (_, i) => setPrice(id, 2_000 + i, i))).finally(() => (isWriting = false));
      const reads = await Promise.all(
        Array.from({ length: READERS }, async (_, reader) => {
          const answers: Answer<Price>[] = [];
          for (let i = 0; i < READS_EACH && isWriting; i++) answers.push(await priceOf(id, strategy, reader));
          return answers;
        }),
      );
      const answers = [first, ...(await writes), ...reads.flat()];
      const set = new Map([first, ...(await writes)].map(({ body }) => [body.version, body]));
      const read = reads.flat().map(({ body }) => body);
      return {
        torn: read.filter((price) => JSON.stringify(price) !== JSON.stringify(set.get(price.version))),
        reads: read.length,
        refused: answers.filter(({ status }) => status !== 200),
        last: (await priceOf(id, 'locked')).body,
        highest: Math.max(...set.keys()),
      };
    }

    it('torn prices are seen without a lock', async () => {
      const { torn, refused } = await readAndWrite('none');
      expect(refused).toEqual([]);
      expect(torn.length).toBeGreaterThan(0);
    }, 60_000);

    it('none is seen with it, and the last price is the one with the highest fence', async () => {
      const { torn, reads, refused, last, highest } = await readAndWrite('locked');
      expect(refused).toEqual([]);
      expect(torn).toEqual([]);
      expect(last.version).toBe(highest);
      // Readers did get in while there was writing.
      expect(reads).toBeGreaterThan(READERS);
    }, 60_000);
  });
});
