import { Cluster } from 'ioredis';
import { LockStoreError, type LockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { hashSlot } from '../../libs/redis-lock/src/store/redis/hash-slot.js';
import { Locks } from '../faults/support/locks.js';
import { Owned } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { OwnCluster } from './support/own-cluster.js';

const COMMAND_TIMEOUT = 1_000;
const suite = new Owned();
let owned: Owned;
let cluster: OwnCluster;
let prefix: string;
let tests = 0;

beforeAll(async () => {
  cluster = suite.add(await OwnCluster.start());
}, 40_000);
afterAll(() => suite.end(), 20_000);
beforeEach(() => {
  owned = new Owned();
  prefix = `test-${String(++tests)}:`;
});
afterEach(() => owned.end(), 20_000);

async function open(connection: RedisLockModuleOptions['connection'] = { cluster: cluster.startNodes }): Promise<LockService> {
  const locks = await Locks.open(connection as string, { keyPrefix: prefix, commandTimeout: COMMAND_TIMEOUT }); // it takes any connection
  return owned.add(locks).service;
}

/** Keys of every node. */
function keysOfAllNodes(each = 4): string[] {
  const keys: string[] = [];
  for (let node = 0; node < cluster.nodes.length; node++) {
    for (let i = 0, found = 0; found < each; i++) {
      const key = `key-${String(i)}`;
      if (cluster.ownerOf(hashSlot(prefix + key)) !== node) continue;
      keys.push(key);
      found++;
    }
  }
  return keys;
}

function clientOf(name: string) {
  const client = cluster.clients[cluster.ownerOf(hashSlot(name))];
  if (client === undefined) throw new Error(`No node for ${name}`);
  return client;
}

it('locks on every node exclude other processes, and are renewed and released there', async () => {
  const [one, other] = [await open(), await open()];
  const held = await Promise.all(keysOfAllNodes().map((key) => one.acquire(key, { ttl: 900 })));
  for (const { key } of held) expect(await other.tryAcquire(key)).toBeNull();
  for (const { key } of held) {
    const name = prefix + key;
    expect(await clientOf(name).exists(name)).toBe(1);
    await clientOf(name).pexpire(name, 650);
  }
  for (const { key } of held) {
    const name = prefix + key;
    await until(`${key} is renewed`, 3_000, async () => (await clientOf(name).pttl(name)) > 700);
  }
  expect(await Promise.all(held.map((lock) => lock.release()))).toEqual(held.map(() => 'released'));
  for (const { key } of held) expect(await other.tryAcquire(key)).not.toBeNull();
});

it('fences rise for each lock, and are kept per slot', async () => {
  const [one, other] = [await open(), await open()];
  for (const key of keysOfAllNodes(2)) {
    const fences: number[] = [];
    for (const locks of [one, other, one, other]) fences.push(await locks.withLock(key, ({ fence }) => fence));
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  }
});

it('keys with a hash tag of their own work as well', async () => {
  const locks = await open();
  const lock = await locks.acquire('{tenant-1}:orders');
  const waiting = (await open()).acquire('{tenant-1}:orders', { wait: '10s' });
  await until('it waits', 2_000, async () => (await locks.inspect('{tenant-1}:orders')).waitingProcesses === 1);
  expect(await lock.release()).toBe('released');
  expect((await waiting).isHeld).toBe(true);
});

it('whoever waits is woken, on whatever node the lock and the process subscribe', async () => {
  const [one, other] = [await open(), await open()];
  for (const key of keysOfAllNodes(2)) {
    const lock = await one.acquire(key, { ttl: '1m' });
    const waiting = other.acquire(key, { wait: '20s' });
    await until('it waits', 2_000, async () => (await one.inspect(key)).waitingProcesses === 1);
    await lock.release();
    const { ms, value } = await timed(waiting);
    expect(value?.isHeld).toBe(true);
    expect(ms).toBeLessThan(2_000);
    await value?.release();
  }
});

it('lists the locks of all nodes, and shows and releases each by force', async () => {
  const [one, other] = [await open(), await open()];
  const held = await Promise.all(keysOfAllNodes().map((key) => one.acquire(key)));
  const listed: string[] = [];
  for await (const { key } of other.list()) listed.push(key);
  expect(listed.sort()).toEqual(held.map(({ key }) => key).sort());
  for (const lock of held) {
    expect(await other.forceRelease(lock.key)).toBe(true);
    await until('the holder is told', 2_000, () => !lock.isHeld);
  }
});

it('takes a Cluster client of the caller, duplicates it and folds its prefix in', async () => {
  const client = new Cluster(cluster.startNodes, { keyPrefix: prefix });
  owned.add({ stop: async () => client.disconnect() });
  await client.set('mine', '1', 'PX', 10_000);
  const opened = await Locks.open(client as never, { keyPrefix: 'l:', commandTimeout: COMMAND_TIMEOUT }); // it takes any connection
  await opened.service.acquire('stock');
  expect(await client.exists('l:stock')).toBe(1);
  await opened.stop();
  expect(await client.get('mine')).toBe('1');
});

it('leaves nothing without a TTL', async () => {
  const [one, other] = [await open(), await open()];
  const held = await one.acquire('stock', { ttl: '10s', label: 'a label' });
  await timed(other.acquire('stock', { wait: 1_300 }));
  await until('it has described itself', 5_000, async () => (await other.inspect('stock')).holders[0]?.label === 'a label');
  const without: string[] = [];
  for (const client of cluster.clients) {
    for (const name of await client.keys(`${prefix}*`)) if ((await client.pttl(name)) < 0) without.push(name);
  }
  expect(without).toEqual([]);
  expect(await held.release()).toBe('released');
});

it('a slot that moves takes its locks along: they go on being renewed, and are released at their new place', async () => {
  const locks = await open();
  const name = `${prefix}moving`;
  const slot = hashSlot(name);
  const from = cluster.ownerOf(slot);
  const to = (from + 1) % cluster.nodes.length;
  const lock = await locks.acquire('moving', { ttl: '1s' });
  await cluster.move(slot, to);
  try {
    await cluster.clients[to]?.pexpire(name, 700);
    await until('it is renewed there', 3_000, async () => ((await cluster.clients[to]?.pttl(name)) ?? 0) > 750);
    expect(lock.isHeld).toBe(true);
    expect(await lock.release()).toBe('released');
    expect(await cluster.clients[to]?.exists(name)).toBe(0);
    expect(await (await locks.acquire('moving', { wait: '5s' })).release()).toBe('released');
  } finally {
    await moveBack(slot, to, from);
  }

  async function moveBack(moved: number, at: number, home: number): Promise<void> {
    const id = String(await cluster.clients[home]?.call('CLUSTER', 'MYID'));
    for (const client of cluster.clients) {
      for (const left of (await client.call('CLUSTER', 'GETKEYSINSLOT', moved, 100)) as string[]) await client.del(left);
    }
    for (const node of [home, at, 3 - home - at]) await cluster.clients[node]?.call('CLUSTER', 'SETSLOT', moved, 'NODE', id);
  }
});

it('a node that does not answer fails the locks of its slots in time, and no others', async () => {
  const locks = await open();
  const keys = keysOfAllNodes(1);
  const [stopped = '', ...others] = keys;
  const node = cluster.nodes[cluster.ownerOf(hashSlot(prefix + stopped))];
  node?.pause();
  try {
    const { ms, error } = await timed(locks.acquire(stopped, { wait: 0 }));
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeLessThan(COMMAND_TIMEOUT + 300);
    for (const key of others) expect(await (await locks.acquire(key)).release()).toBe('released');
  } finally {
    node?.resume();
  }
  await until(
    'the cluster is whole again',
    20_000,
    async () => (await timed(locks.withLock(stopped, { wait: '1s' }, () => true))).value === true,
  );
}, 60_000);

it('nodes that are not there end the start with a LockStoreError', async () => {
  const { error, value } = await timed(Locks.open({ cluster: [{ host: '127.0.0.1', port: 1 }] } as never)); // it takes any connection
  if (value !== undefined) owned.add(value);
  expect(error).toBeInstanceOf(LockStoreError);
}, 20_000);
