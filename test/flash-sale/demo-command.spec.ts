import { ownedByEachTest } from '../faults/support/owned.js';
import { Command, isOpen } from './support/command.js';

const owned = ownedByEachTest();
const DEMO_MS = 180_000;

const EXACT = { requests: 600, succeeded: 200, stockLeft: 0, expectedStock: 0, lostUpdates: 0 };

describe('npm run demo', () => {
  it(
    'shows what is exact with locks and wrong without, that the job runs once per tick, and that no order is made twice',
    async () => {
      const command = owned.add(new Command(process.execPath, ['apps/flash-sale/scripts/demo.mjs', '--json']));
      const code = await command.ended(DEMO_MS);
      if (code !== 0) throw new Error(command.output);

      const { strategies, prices, transfers, checkouts, schedule, duplicates } = JSON.parse(command.stdout);
      expect(strategies).toEqual({
        none: {
          requests: 600,
          succeeded: expect.any(Number),
          stockLeft: expect.any(Number),
          expectedStock: expect.any(Number),
          lostUpdates: expect.any(Number),
        },
        locked: EXACT,
        retry: EXACT,
        fenced: EXACT,
      });
      const { succeeded, stockLeft, expectedStock, lostUpdates } = strategies.none;
      expect(expectedStock).toBe(200 - succeeded);
      expect(lostUpdates).toBe(stockLeft - expectedStock);
      expect(lostUpdates).toBeGreaterThan(0);
      expect(prices.locked).toEqual({ writes: 30, reads: expect.any(Number), torn: 0 });
      expect(prices.locked.reads).toBeGreaterThan(0);
      expect(transfers).toMatchObject({ transfers: 120, total: 1000, stocks: transfers.expectedStocks });
      expect(checkouts).toMatchObject({ buyers: 60, sold: 20, orders: 20, left: 0 });
      expect(schedule.ticks).toBeGreaterThanOrEqual(4);
      expect(schedule.runs).toBe(schedule.ticks);
      expect(duplicates).toEqual({ submits: 200, orders: 20, replayed: expect.any(Number), expectedOrders: 20 });
      // All but one of each order's submits; what the killed process did not answer may have been replayed as well.
      expect(duplicates.replayed).toBeGreaterThanOrEqual(180);
      expect(command.output).toMatch(/killed the instance \d+/);
      await command.isGone();
    },
    DEMO_MS + 10_000,
  );

  it('stops everything at Ctrl-C', async () => {
    const command = owned.add(new Command('npm', ['run', 'demo']));
    const [port = ''] = await command.says(/Redis on port (\d+)/);
    await command.says(/none: 200 pieces, 600 buyers/, 150_000);
    command.interrupt();
    expect(await command.ended()).not.toBe(0);
    await command.isGone();
    expect(await isOpen(Number(port))).toBe(false);
  }, 150_000);

  it('says why where an instance cannot start, and stops the others', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/shop' };
    const command = owned.add(new Command(process.execPath, ['apps/flash-sale/scripts/demo.mjs'], env));
    await command.says(/The database cannot be used: connect ECONNREFUSED/, 150_000);
    expect(await command.ended()).toBe(1);
    await command.isGone();
  }, 150_000);
});
