import { CuttingProxy } from '../faults/support/cutting-proxy.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { until } from '../faults/support/until.js';

const CARDS = 'lock:~1:card:*';
const owned = ownedByEachTest();

it('a card that lapsed comes back with all that it said', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const holder = owned.add(await Locks.open(redis.url));
  const reader = owned.add(await Locks.open(redis.url));
  const label = async (): Promise<string | undefined> => (await reader.service.inspect('stock')).holders[0]?.label;
  const lock = await holder.service.acquire('stock', { ttl: '10m', label: 'import' });
  await until('the label is told', 5_000, async () => (await label()) === 'import');

  await observer.del(...(await observer.keys(CARDS)));
  expect(await label()).toBeUndefined();
  await until('the label is told again', 25_000, async () => (await label()) === 'import');
  expect((await reader.service.inspect('stock')).holders[0]).toMatchObject({ fence: lock.fence, pid: process.pid });
}, 40_000);

it('what a card may say or not, since the answer to its writing was lost, does not stay for ever', async () => {
  const redis = owned.add(await OwnRedis.start());
  const proxy = owned.add(await CuttingProxy.start(redis.port));
  const observer = await redis.client();
  const { service } = owned.add(await Locks.open(proxy.url, { commandTimeout: 300 }));
  const fields = async (): Promise<string[]> => {
    const [card] = await observer.keys(CARDS);
    return card === undefined ? [] : (await observer.hkeys(card)).sort();
  };
  await service.acquire('kept', { ttl: '1m' });
  const gone = await service.acquire('gone', { ttl: '1m' });

  await proxy.next(/multi/i, { kind: 'cut-after' });
  await until('both are told', 5_000, async () => (await fields()).includes('h:gone'));
  await until('one is released', 5_000, () =>
    gone.release().then(
      () => true,
      () => false,
    ),
  );
  await until('only the other is told', 5_000, async () => (await fields()).join() === 'h:kept,host,pid');
});
