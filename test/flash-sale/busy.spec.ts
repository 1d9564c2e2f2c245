import { Locks } from '../faults/support/locks.js';
import { Owned } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { Shop } from './support/shop.js';

describe('while somebody else sells the same product', () => {
  const owned = new Owned();
  let shop: Shop;
  let others: Locks;

  beforeAll(async () => {
    shop = owned.add(await Shop.open({ instances: 1 }));
    const { REDIS_URL = '', LOCK_KEY_PREFIX = '' } = shop.env;
    others = owned.add(await Locks.open(REDIS_URL, { keyPrefix: LOCK_KEY_PREFIX }));
  }, 150_000);
  afterAll(() => owned.end(), 30_000);

  it('a buyer in the flash sale is asked to come back soon', async () => {
    const id = await shop.offer(1);
    await others.service.withLock(`inventory:${String(id)}`, { ttl: '3s', renew: false }, async () => {
      const answer = await shop.post<{ detail: string }>(`/seckill/${String(id)}`, { userId: 'alice' });
      expect(answer).toMatchObject({
        status: 409,
        body: { status: 409, code: 'LOCK_BUSY', detail: '商品太火爆，请稍后再试', retryAfterMs: expect.any(Number) },
      });
      expect(answer.headers.get('content-type')).toMatch('application/problem+json');
      expect(['1', '2', '3']).toContain(answer.headers.get('retry-after'));
    });
    expect(await shop.post(`/seckill/${String(id)}`, { userId: 'alice' })).toMatchObject({ status: 201 });
  });

  it('a decrement asks four times and then gives up', async () => {
    const id = await shop.offer(1);
    await others.service.withLock(`inventory:${String(id)}`, async () => {
      const since = performance.now();
      const answer = await shop.post(`/inventory/${String(id)}/decrement?strategy=retry`);
      expect(answer).toMatchObject({ status: 409, body: { code: 'LOCK_BUSY' } });
      // 100, 200 and 300 ms.
      expect(performance.now() - since).toBeGreaterThan(599);
    });
    expect(await shop.stockOf(id)).toBe(1);
  });

  it.each(['locked', 'fenced'])('a decrement that is %s waits for its turn', async (strategy) => {
    const id = await shop.offer(1);
    const key = `inventory:${String(id)}`;
    const { decrement } = await others.service.withLock(key, async () => {
      const sent = shop.post(`/inventory/${String(id)}/decrement?strategy=${strategy}`);
      await until('the request stands in line', 20_000, async () => (await others.service.inspect(key)).waitingProcesses > 0);
      expect(await shop.stockOf(id)).toBe(1);
      return { decrement: sent };
    });
    expect(await decrement).toMatchObject({ status: 200, body: { stock: 0 } });
  });
});
