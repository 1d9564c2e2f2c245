import { OwnRedis } from '../faults/support/own-redis.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { Shop } from './support/shop.js';

const owned = ownedByEachTest();

it('an instance is healthy while Redis is there, and serves what needs no lock while it is not', async () => {
  const redis = owned.add(await OwnRedis.start());
  const shop = owned.add(await Shop.open({ instances: 1, env: { REDIS_URL: redis.url } }));
  const up = { status: 'up' };
  expect(await shop.get('/health')).toMatchObject({
    status: 200,
    body: { status: 'ok', details: { database: up, redis: { ...up, store: 'redis' }, locks: up } },
  });

  await redis.kill();
  const down = { status: 'down', message: expect.any(String) };
  await until('the outage is noticed', 20_000, async () => (await shop.get('/health')).status === 503);
  expect(await shop.get('/health')).toMatchObject({
    status: 503,
    body: { status: 'error', details: { database: up, redis: down, locks: down } },
  });
  expect(await shop.get('/products/1')).toMatchObject({ status: 200 });
  const refused = await shop.post('/seckill/1', { userId: 'alice' });
  expect(refused).toMatchObject({ status: 503, body: { code: 'LOCK_STORE' } });
  expect(refused.headers.get('retry-after')).toBe('1');

  await redis.restart();
  await until('it recovers', 20_000, async () => (await shop.get('/health')).status === 200);
  expect(await shop.post('/seckill/1', { userId: 'alice' })).toMatchObject({ status: 201 });
}, 150_000);

it('an instance without Redis keeps its locks in memory, and says so', async () => {
  const shop = owned.add(await Shop.open({ instances: 1, env: { REDIS_URL: '' } }));
  expect(await shop.get('/health')).toMatchObject({
    status: 200,
    body: { details: { redis: { store: 'memory' }, locks: { status: 'up' } } },
  });
  expect(await shop.post('/inventory/1/decrement?strategy=locked')).toMatchObject({ status: 200, body: { stock: 999 } });
  expect(shop.logs.flat().filter((line) => line.includes('one process only; set REDIS_URL to share locks'))).toHaveLength(1);
}, 150_000);
