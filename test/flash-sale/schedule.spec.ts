import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { Shop } from './support/shop.js';

const owned = ownedByEachTest();
const EVERY_MS = 4_000;

interface Report {
  readonly periodStart: string | null;
  readonly periodEnd: string;
  readonly orders: number;
  readonly buyers: number;
  readonly soldOut: number;
}

interface Order {
  readonly userId: string;
  readonly createdAt: string;
}

it('the statistics are made by one of three instances at each tick, and the others say that they skipped', async () => {
  const shop = owned.add(await Shop.open({ instances: 3, env: { STATS_CRON: `*/${String(EVERY_MS / 1000)} * * * * *` } }));
  const [sold, soldOut] = [await shop.offer(10), await shop.offer(1)];
  for (const userId of ['alice', 'bob']) await shop.post(`/seckill/${String(sold)}`, { userId });
  await shop.post(`/seckill/${String(soldOut)}`, { userId: 'alice' });

  const first = Math.ceil(Date.now() / EVERY_MS) * EVERY_MS;
  const ticks = [0, 1, 2].map((i) => new Date(first + i * EVERY_MS).toISOString());
  const said = (what: string, tick: string): number =>
    shop.logs.flat().filter((line) => line.includes(`${what} the statistics until ${tick}`)).length;
  await until('all ticks are over', 4 * EVERY_MS + 10_000, () => ticks.every((tick) => said('Made', tick) + said('Skipped', tick) >= 3));

  expect(ticks.map((tick) => ({ made: said('Made', tick), skipped: said('Skipped', tick) }))).toEqual(
    ticks.map(() => ({ made: 1, skipped: 2 })),
  );
  const { body: reports } = await shop.get<Report[]>('/stats', 1);
  expect(reports.map(({ periodEnd }) => periodEnd)).toEqual(expect.arrayContaining(ticks));
  expect(new Set(reports.map(({ periodEnd }) => periodEnd)).size).toBe(reports.length);

  const orders = (await Promise.all([sold, soldOut].map((id) => shop.get<Order[]>(`/orders?productId=${String(id)}`)))).flatMap(
    ({ body }) => body,
  );
  expect(orders).toHaveLength(3);
  // A tick may have come between the purchases.
  for (const report of reports) {
    const own = orders.filter(({ createdAt }) => createdAt > (report.periodStart ?? '') && createdAt <= report.periodEnd);
    expect(report).toMatchObject({ orders: own.length, buyers: new Set(own.map(({ userId }) => userId)).size });
  }
  expect(reports.reduce((sum, report) => sum + report.orders, 0)).toBe(3);
  expect(reports[0]).toMatchObject({ soldOut: 1 });
}, 180_000);
