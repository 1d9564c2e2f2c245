import { LockOptionsError, LockStoreError, type LockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { OwnSentinel, PRIMARY_NAME } from './support/own-sentinel.js';

const COMMAND_TIMEOUT = 1_000;
const owned = ownedByEachTest();

async function start(): Promise<{ sentinel: OwnSentinel; open: () => Promise<LockService> }> {
  const sentinel = owned.add(await OwnSentinel.start());
  const connection: RedisLockModuleOptions['connection'] = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: PRIMARY_NAME };
  const open = async (): Promise<LockService> =>
    owned.add(await Locks.open(connection as string, { commandTimeout: COMMAND_TIMEOUT })).service; // it takes any connection
  return { sentinel, open };
}

it('locks live on what Sentinel calls the primary', async () => {
  const { sentinel, open } = await start();
  const [one, other] = [await open(), await open()];
  const lock = await one.acquire('stock');
  expect(await (await sentinel.primary.client()).exists('lock:stock')).toBe(1);
  const waiting = other.acquire('stock', { wait: '10s' });
  await until('it waits', 2_000, async () => (await one.inspect('stock')).waitingProcesses === 1);
  expect(await lock.release()).toBe('released');
  expect((await waiting).isHeld).toBe(true);
}, 60_000);

it('after a failover the new primary grants, with fences above all that came before', async () => {
  const { sentinel, open } = await start();
  const locks = await open();
  const { fence } = await locks.acquire('stock', { ttl: '30s', replicas: { min: 1, timeout: '2s' } });
  await sentinel.primary.kill();
  expect((await timed(locks.acquire('orders', { wait: 0 }))).error).toBeInstanceOf(LockStoreError);

  await until('the replica grants', 30_000, async () => {
    const { value } = await timed(locks.withLock('orders', { wait: '1s' }, (lock) => lock.fence));
    return value !== undefined && value > fence;
  });
  // It had reached the replica before, so it is still held.
  expect(await locks.tryAcquire('stock')).toBeNull();
  // Messages come from the new primary as well.
  const other = await open();
  const lock = await locks.acquire('moved');
  expect(await other.forceRelease('moved')).toBe(true);
  await until('the holder is told', 5_000, () => !lock.isHeld);
}, 90_000);

it.each([
  ['without a name', { sentinels: [{ host: '127.0.0.1', port: 1 }] }, 'connection.name'],
  ['of which there is none', { sentinels: [], name: PRIMARY_NAME }, 'connection.sentinels'],
])('a Sentinel %s is refused, with what to write instead', async (_what, connection, option) => {
  const { error } = await timed(Locks.open(connection as never)); // it takes any connection
  expect(error).toBeInstanceOf(LockOptionsError);
  expect(String(error)).toContain(option);
});

it('Sentinels that are not there, or do not know the primary, end the start with a LockStoreError', async () => {
  const sentinel = owned.add(await OwnSentinel.start());
  const refused = [
    { sentinels: [{ host: '127.0.0.1', port: 1 }], name: PRIMARY_NAME },
    { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'unknown' },
  ];
  for (const { error } of await Promise.all(refused.map((connection) => timed(Locks.open(connection as never))))) {
    expect(error).toBeInstanceOf(LockStoreError);
    expect(String(error)).toMatch(/ECONNREFUSED|[Ss]entinel/);
  }
}, 60_000);
