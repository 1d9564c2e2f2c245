import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lock } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { Owned } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { ShopDatabase } from './support/shop-database.js';
import { Shop } from './support/shop.js';

const LIMIT = 3;
const INSTANCES = 3;
const MAX_HOLD_MS = 10_000;

describe('exports of the orders, at three instances', () => {
  const owned = new Owned();
  let shop: Shop;
  let database: ShopDatabase;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: INSTANCES }));
    database = owned.add(new ShopDatabase(shop.databaseFile));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  const openExports = (): number => database.number('SELECT COUNT(*) FROM report_exports WHERE "endedAt" IS NULL');

  /** Many orders of one product at once, past the application. @returns the product */
  async function withOrders(count: number): Promise<number> {
    const id = await shop.offer(0);
    database.run(`INSERT INTO orders ("productId", "userId", quantity, "createdAt")
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(count)})
      SELECT ${String(id)}, 'user-' || i, 1, 1767225600000 FROM n`);
    return id;
  }

  /** Begins an export and reads none of it. */
  async function stalled(productId: number, instance: number): Promise<IncomingMessage> {
    const sent = request(`${shop.url(instance)}/reports/export?productId=${String(productId)}`, { method: 'POST', agent: false });
    owned.add({ stop: () => Promise.resolve(void sent.destroy()) });
    sent.on('error', () => undefined);
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    return response;
  }

  it('are CSV, quoted where a user has an odd name', async () => {
    const id = await shop.offer(2);
    for (const userId of ['alice', 'a "b", c']) await shop.post(`/seckill/${String(id)}`, { userId });
    const { status, headers, body } = await shop.post<string>(`/reports/export?productId=${String(id)}`);
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'attachment; filename="orders.csv"',
    ]);
    const [head, first, second, ...rest] = body.split('\r\n');
    expect(head).toBe('id,productId,userId,quantity,createdAt');
    expect(first).toMatch(new RegExp(`^\\d+,${String(id)},"alice",1,\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`));
    expect(second).toContain(',"a ""b"", c",');
    expect(rest).toEqual(['']);
    expect((await shop.post<string>('/reports/export')).body).toContain('"alice"');
  });

  it('are refused for something that is no product id', async () => {
    for (const productId of ['0', 'lamp']) {
      expect(await shop.post(`/reports/export?productId=${productId}`)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    }
  });

  it('are asked to come back while three are made', async () => {
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    const others = owned.add(await Locks.open(REDIS_URL, { keyPrefix: LOCK_KEY_PREFIX }));
    const permit = (): Promise<Lock> => others.service.acquirePermit('export', { limit: LIMIT });
    const [first, ...permits] = await Promise.all([permit(), permit(), permit()]);
    try {
      const refused = await shop.post('/reports/export', undefined, 1);
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'LOCK_BUSY', detail: 'Three exports are being made already. Please come back in a few seconds.' },
      });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('content-type')).toMatch('application/problem+json');
      expect(refused.headers.get('content-disposition')).toBeNull();

      // One that waits gets the first permit that is given back.
      const waiting = shop.post('/reports/export', undefined, 2);
      await until('the request stands in line', 20_000, async () => (await others.service.inspect('export')).waitingProcesses > 0);
      await first.release();
      expect(await waiting).toMatchObject({ status: 200 });
    } finally {
      await Promise.all([first, ...permits].map((held) => held.release()));
    }
  });

  it('are three at once at the most, by the journal, and all are made', async () => {
    const orders = 3_000;
    const id = await withOrders(orders);
    // How many go on at the moment when one begins, itself included: counted by the database, which knows of no lock.
    database.run(`CREATE TABLE seen (open INTEGER);
      CREATE TRIGGER counted AFTER INSERT ON report_exports
      BEGIN INSERT INTO seen SELECT COUNT(*) FROM report_exports WHERE "endedAt" IS NULL; END`);
    const wanted = 10 * INSTANCES;
    const exports = await Promise.all(Array.from({ length: wanted }, (_, i) => exported(id, i)));
    expect(exports.map((csv) => csv.trimEnd().split('\r\n').length)).toEqual(exports.map(() => orders + 1));
    expect(database.number('SELECT COUNT(*) FROM seen')).toBe(wanted);
    expect(database.number('SELECT MAX(open) FROM seen')).toBe(LIMIT);
    // Each is noted as ended when the client has had its last byte.
    await until('all have ended', 5_000, () => openExports() === 0);
  }, 120_000);

  it('do not go on after their client has hung up', async () => {
    const id = await withOrders(200_000);
    const responses = await Promise.all(Array.from({ length: LIMIT }, (_, i) => stalled(id, i)));
    expect(openExports()).toBe(LIMIT);
    expect(await shop.post('/reports/export')).toMatchObject({ status: 409, body: { code: 'LOCK_BUSY' } });
    const since = performance.now();
    for (const response of responses) response.destroy();
    await until('all have ended', MAX_HOLD_MS, () => openExports() === 0);
    expect(performance.now() - since).toBeLessThan(MAX_HOLD_MS / 2);
    expect(shop.logs.flat().filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }, 60_000);

  it('are broken off where they take too long, so that a client who does not read keeps nobody out', async () => {
    const id = await withOrders(200_000);
    const since = performance.now();
    const responses = await Promise.all(Array.from({ length: LIMIT }, (_, i) => stalled(id, i)));
    await until('all have ended', 3 * MAX_HOLD_MS, () => openExports() === 0);
    expect(performance.now() - since).toBeGreaterThan(MAX_HOLD_MS / 2);
    expect(await shop.post(`/reports/export?productId=1`)).toMatchObject({ status: 200 });
    // What the client has got is not taken for the whole.
    for (const response of responses) {
      await expect(response.toArray()).rejects.toThrow('aborted');
      expect(response.complete).toBe(false);
    }
    const ended = database.rows<{ orders: number }>('SELECT orders FROM report_exports ORDER BY id DESC LIMIT ?', LIMIT + 1).slice(1);
    expect(ended.filter(({ orders }) => orders >= 200_000)).toEqual([]);
  }, 60_000);

  /** Exports, coming back while others do. */
  async function exported(productId: number, instance: number): Promise<string> {
    for (let tries = 0; tries < 100; tries++) {
      const { status, headers, body } = await shop.post<string>(`/reports/export?productId=${String(productId)}`, undefined, instance);
      if (status === 200) return body;
      expect({ status, retryAfter: Number(headers.get('retry-after')) > 0 }).toEqual({ status: 409, retryAfter: true });
      await pause(Math.random() * 200);
    }
    throw new Error('Others were exporting all the time.');
  }
});
