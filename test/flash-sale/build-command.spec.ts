import { fileURLToPath } from 'node:url';
import { ownedByEachTest } from '../faults/support/owned.js';
import { Command } from './support/command.js';
import { Shop } from './support/shop.js';

const owned = ownedByEachTest();
const MAIN = fileURLToPath(new URL('../../apps/flash-sale/dist/main.js', import.meta.url));

it('npm run build leaves an application that runs on the built library', async () => {
  const command = owned.add(new Command('npm', ['run', 'build']));
  const code = await command.ended(180_000);
  if (code !== 0) throw new Error(command.output);
  const shop = owned.add(await Shop.open({ instances: 1, build: MAIN }));
  for (const strategy of ['none', 'locked', 'retry', 'fenced']) {
    expect(await shop.post(`/inventory/1/decrement?strategy=${strategy}`)).toMatchObject({ status: 200 });
  }
  expect(await shop.post('/seckill/1', { userId: 'alice' })).toMatchObject({ status: 201 });
  expect(await shop.put('/catalog/1/price', { price: 100 })).toMatchObject({ status: 200 });
  expect(await shop.get('/catalog/1/price')).toMatchObject({ status: 200, body: { salePrice: 90 } });
  const other = await shop.offer(1);
  const transfer = { fromProductId: 1, toProductId: other, quantity: 1 };
  expect(await shop.post('/inventory/transfer', transfer)).toMatchObject({ status: 200, body: { toStock: 2 } });
  const checkout = { productId: 1, quantity: 1, card: 'visa' };
  expect(await shop.send('POST', '/checkout', { authorization: 'Bearer bob' }, checkout)).toMatchObject({ status: 201 });
  expect(await shop.post('/reports/export')).toMatchObject({ status: 200, body: expect.stringContaining('"alice"') });
  expect(await shop.post('/seckill/1', {})).toMatchObject({ status: 400 });
}, 240_000);
