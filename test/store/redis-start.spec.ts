import { freePort } from '../../tools/redis-server.mjs';
import { LockOptionsError, LockStoreError, type LockError, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed, until } from '../faults/support/until.js';
import { RetellingProxy } from './support/retelling-proxy.js';

/** As the module says it: so long a server may take to come up. */
const START_MS = 10_000;
const owned = ownedByEachTest();

/** Why an application does not start. Where it does, that fails the test. */
async function refusal(
  connection: RedisLockModuleOptions['connection'],
  options: Partial<RedisLockModuleOptions> = {},
): Promise<LockError> {
  const { value, error } = await timed(Locks.open(connection as string, options)); // it takes any connection
  if (value !== undefined) owned.add(value);
  expect(error).toBeInstanceOf(Error);
  return error as LockError;
}

describe('a server that may evict locks', () => {
  it.each(['allkeys-lru', 'volatile-ttl', 'volatile-lru', 'allkeys-random'])('is refused with %s', async (policy) => {
    const server = owned.add(await OwnRedis.start(['--maxmemory-policy', policy]));
    const error = await refusal(server.url);
    expect(error).toBeInstanceOf(LockOptionsError);
    expect(error.message).toContain(policy);
    expect(error.message).toContain('allowEviction: true');
  });

  it('is taken where that is accepted', async () => {
    const server = owned.add(await OwnRedis.start(['--maxmemory-policy', 'allkeys-lru']));
    const locks = owned.add(await Locks.open(server.url, { allowEviction: true }));
    expect(await locks.service.tryAcquire('stock')).not.toBeNull();
  });
});

it('a replica is refused', async () => {
  const primary = owned.add(await OwnRedis.start(['--repl-diskless-sync-delay', '0']));
  const replica = owned.add(await OwnRedis.start(['--replicaof', '127.0.0.1', String(primary.port)]));
  const client = await replica.client();
  // Until it is in step it says that it is loading.
  await until('it is in step', 15_000, async () => (await client.info('replication')).includes('master_link_status:up'));
  const error = await refusal(replica.url);
  expect(error).toBeInstanceOf(LockStoreError);
  expect(error.message).toContain('is a replica');
});

it.each([
  ['6.0.16', 'LOCK_OPTIONS'],
  ['5.0.14', 'LOCK_OPTIONS'],
  ['6.2.14', undefined],
  ['9.1.15', undefined],
])('Redis %s', async (version, code) => {
  const server = owned.add(await OwnRedis.start());
  const actual = /redis_version:(\S+)/.exec(await (await server.client()).info('server'))?.[1] ?? '';
  const proxy = owned.add(
    await RetellingProxy.start(server.port, (answer) =>
      answer.replace(`redis_version:${actual}`, `redis_version:${version.padEnd(actual.length).slice(0, actual.length)}`),
    ),
  );
  const { value, error } = await timed(Locks.open(proxy.url));
  if (value !== undefined) owned.add(value);
  expect((error as LockError | undefined)?.code).toBe(code);
  if (code !== undefined) expect((error as LockError).message).toContain('6.2 or newer');
});

describe('credentials', () => {
  async function guarded(): Promise<OwnRedis> {
    return owned.add(await OwnRedis.start(['--requirepass', 'right/p@ss:word']));
  }

  it('are taken from the URL and from options', async () => {
    const { port } = await guarded();
    const password = 'right/p@ss:word';
    for (const connection of [
      `redis://:${encodeURIComponent(password)}@127.0.0.1:${String(port)}`,
      { host: '127.0.0.1', port, password },
    ]) {
      const locks = owned.add(await Locks.open(connection as string)); // it takes any connection
      expect(await locks.service.tryAcquire(JSON.stringify(typeof connection))).not.toBeNull();
    }
  });

  it('that are wrong or missing end the start at once, and are not shown', async () => {
    const { port } = await guarded();
    const { ms, value: errors } = await timed(
      Promise.all([
        refusal(`redis://:wr0ng-secret@127.0.0.1:${String(port)}`),
        refusal({ host: '127.0.0.1', port, password: 'wr0ng-secret' }),
        refusal({ host: '127.0.0.1', port, username: 'nobody', password: 'wr0ng-secret' }),
        refusal(`redis://127.0.0.1:${String(port)}`),
      ]),
    );
    expect(ms).toBeLessThan(START_MS / 2);
    for (const error of errors ?? []) {
      expect(error).toBeInstanceOf(LockStoreError);
      expect(error.message).toMatch(/WRONGPASS|NOAUTH/);
      expect(error.message).toContain(String(port));
      expect(error.message).not.toContain('secret');
    }
  });

  it.each([
    'http://user:s3cret@localhost:6379',
    'redis//user:s3cret@localhost:6379',
    'redis://user:s3cret@local host',
    'redis://user:s3:cret@:port',
    'user:s3cret@localhost',
    'redis:user:s3c/ret@localhost',
  ])('in something that is no URL are not shown either: %s', async (connection) => {
    const error = await refusal(connection);
    expect(error).toBeInstanceOf(LockOptionsError);
    expect(error.message).toContain("Write 'redis://localhost:6379'");
    expect(error.message).not.toMatch(/s3c|cret/);
  });
});

describe('a server that is not there', () => {
  it('is waited for, since it may be starting too', async () => {
    const server = owned.add(await OwnRedis.start());
    await server.kill();
    const starting = Locks.open(server.url);
    await server.restart();
    const locks = owned.add(await starting);
    expect(await locks.service.tryAcquire('stock')).not.toBeNull();
  });

  it('ends the start with a LockStoreError in the end', async () => {
    const port = await freePort();
    const { ms, value: error } = await timed(refusal(`redis://:s3cret@127.0.0.1:${String(port)}`));
    expect(error).toBeInstanceOf(LockStoreError);
    expect(error?.message).toContain('ECONNREFUSED');
    expect(error?.message).toContain(String(port));
    expect(error?.message).not.toContain('s3cret');
    expect(ms).toBeLessThan(START_MS + 1_000);
  }, 20_000);

  it('nor is one that says nothing', async () => {
    const server = owned.add(await OwnRedis.start());
    server.pause();
    const { ms, value: error } = await timed(refusal(server.url));
    server.resume();
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeLessThan(START_MS + 2_000);
  }, 20_000);
});

describe('what is no connection', () => {
  it.each([[undefined], [null], [42], [true], [''], ['localhost:6379'], ['memori'], [{ cluster: [] }], [{ cluster: 'localhost:7000' }]])(
    '%j is refused at once, with what to write instead',
    async (connection) => {
      const error = await refusal(connection as never); // what an untyped caller may pass
      expect(error).toBeInstanceOf(LockOptionsError);
      expect(error.message).toMatch(/redis:\/\/localhost:6379|for instance \[/);
    },
  );

  it('a quorum is not there yet, and says so', async () => {
    const error = await refusal({ quorum: ['redis://localhost:1'] } as never); // as later versions take it
    expect(error).toBeInstanceOf(LockOptionsError);
    expect(error.message).toContain('quorum');
  });
});
