import libsql from 'libsql';
import { Owned } from '../faults/support/owned.js';
import { Shop } from './support/shop.js';

const owned = new Owned();
afterEach(() => owned.end(), 30_000);

it('four instances that start at once on an empty file set it up together, once', async () => {
  const shop = owned.add(await Shop.open({ instances: 4 }));
  const database = new libsql(shop.databaseFile);
  try {
    const applied = database.prepare('SELECT name FROM migrations ORDER BY id').all();
    expect(applied).toEqual([
      { name: expect.stringMatching(/^CreateShop\d+$/) as string },
      { name: expect.stringMatching(/^StockFirstProduct\d+$/) as string },
      { name: expect.stringMatching(/^OrderPiecesOnce\d+$/) as string },
      { name: expect.stringMatching(/^CreatePriceParts\d+$/) as string },
      { name: expect.stringMatching(/^CreateReportExports\d+$/) as string },
      { name: expect.stringMatching(/^CreateCheckout\d+$/) as string },
    ]);
    expect(database.prepare('SELECT COUNT(*) AS products FROM products').all()).toEqual([{ products: 1 }]);
    expect(database.pragma('journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  } finally {
    database.close();
  }
  for (const instance of [0, 1, 2, 3]) expect(await shop.get('/health', instance)).toMatchObject({ status: 200 });
}, 180_000);
