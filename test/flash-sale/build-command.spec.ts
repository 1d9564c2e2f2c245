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
  expect(await shop.post('/seckill/1', {})).toMatchObject({ status: 400 });
}, 240_000);
