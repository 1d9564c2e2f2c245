import { NestFactory } from '@nestjs/core';
import { LockService, RedisLockModule } from 'nestjs-redis-lock';
import { systemClock, SystemTimers } from '../../libs/redis-lock/src/runtime/system-clock.js';
import { clientFactory } from '../../libs/redis-lock/src/store/redis/client-settings.js';
import type { RedisConnection } from '../../libs/redis-lock/src/store/redis/connection.js';
import { RedisRecordStore } from '../../libs/redis-lock/src/store/redis/redis-record.store.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { codeBlocks, diagnose, readRootFile, withoutComments } from './code-blocks.js';

const README = readRootFile('README.md');
const IDEMPOTENCY = readRootFile('docs/idempotency.md');
const KINDS = readRootFile('docs/kinds-of-locks.md');
const CHINESE = readRootFile('README.zh-CN.md');
const owned = ownedByEachTest();

it('has code that compiles, as far as a compiler that sees a mistake can tell', () => {
  const blocks = [README, IDEMPOTENCY, KINDS].flatMap(codeBlocks);
  const wrong = blocks.filter((code) => code.includes("ttl: '10s'")).map((code) => code.replace("ttl: '10s'", "ttl: '10sec'"));
  expect(wrong).toHaveLength(1);
  expect(diagnose([...blocks, ...wrong])).toEqual([expect.stringMatching(`^block-${String(blocks.length + 1)}\\.ts.*10sec`) as string]);
}, 60_000);

it('has the same code and the same tables in both languages', () => {
  expect(codeBlocks(CHINESE).map(withoutComments)).toEqual(codeBlocks(README).map(withoutComments));
  const rows = (text: string): number[] => [...text.matchAll(/(^\|.*\n)+/gm)].map(([table]) => table.trimEnd().split('\n').length);
  expect(rows(CHINESE)).toEqual(rows(README));
});

it('names only commands that there are', () => {
  const { scripts } = JSON.parse(readRootFile('package.json')) as { scripts: Record<string, string> };
  const named = [README, CHINESE, readRootFile('CONTRIBUTING.md')].flatMap((text) => [...text.matchAll(/npm run ([a-z:-]+)/g)]);
  expect(named.length).toBeGreaterThan(2);
  expect(named.map(([, script = '']) => script).filter((script) => !(script in scripts))).toEqual([]);
});

it.each([
  ['English', README],
  ['Chinese', CHINESE],
])(
  'names all the rights that a Redis user needs, in %s',
  async (_language, text) => {
    const redis = owned.add(await OwnRedis.start());
    const observer = await redis.client();
    const rights = [...text.matchAll(/`([+~&][^`]*)`/g)].flatMap(([, list = '']) => list.split(/\s+/));
    await observer.call('ACL', 'SETUSER', 'locks', 'on', '>secret', 'resetkeys', 'resetchannels', '-@all', ...rights);

    const connection = { host: '127.0.0.1', port: redis.port, username: 'locks', password: 'secret' };
    const open = () =>
      NestFactory.createApplicationContext(RedisLockModule.forRoot({ connection }), { logger: false, abortOnError: false });
    const [holder, waiter] = await Promise.all([open(), open()]);
    owned.add({ stop: () => holder.close() });
    owned.add({ stop: () => waiter.close() });
    const locks = holder.get(LockService);

    const lock = await locks.acquire('stock', { ttl: '3s', label: 'import' });
    const waiting = waiter.get(LockService).acquire('stock', { wait: '10s' });
    await lock.extend('3s');
    // After a second its process describes what it holds.
    while ((await waiter.get(LockService).inspect('stock')).holders[0]?.label === undefined) await observer.ping();
    expect((await locks.inspect('stock')).locked).toBe(true);
    expect(await all(locks.list())).toHaveLength(1);
    expect(await lock.release()).toBe('released');
    const second = await waiting;
    expect(await locks.forceRelease('stock')).toBe(true);
    expect(await second.release()).toBe('lost');
    const records = await openRecords(connection);
    expect(await records.purge({ scope: 'somebody' })).toBe(0);
    await expect(locks.acquire('copied', { replicas: { min: 1, timeout: 50 } })).rejects.toThrow('reached 0 of 1 replicas');
  },
  30_000,
);

/** Opening it plays the whole life of a record. */
async function openRecords(connection: RedisConnection): Promise<RedisRecordStore> {
  const records = new RedisRecordStore({
    clients: clientFactory(connection),
    keyPrefix: 'lock:',
    commandTimeout: 1_000,
    allowEviction: false,
    clock: systemClock,
    timers: new SystemTimers(),
    log: { warn: () => undefined },
  });
  owned.add({ stop: () => records.close() });
  await records.open();
  return records;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
