import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { LockStoreError } from 'nestjs-redis-lock';
import { hashSlot } from '../../libs/redis-lock/src/store/redis/hash-slot.js';
import { KeySpace } from '../../libs/redis-lock/src/store/redis/key-space.js';
import type { RecordStore } from '../../libs/redis-lock/src/store/record-store.interface.js';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { until } from '../faults/support/until.js';
import { command, FINGERPRINT, started, STOCK } from './support/record-stage.js';
import { RedisRecordStage } from './support/redis-record-stage.js';

const DONE = { state: 'done', reply: Buffer.from('{"id":7}') } as const;
const owned = ownedByEachTest();
let stage: RedisRecordStage;
let store: RecordStore;
let key: string;

beforeEach(async () => {
  stage = owned.add(await RedisRecordStage.open());
  store = await stage.connect();
  key = stage.names.record(STOCK);
});

describe('a record', () => {
  function header(state: number, attempt: number, token: Buffer): Buffer {
    const bytes = Buffer.concat([Buffer.from([1, state, 0, 0, 0, attempt]), token, FINGERPRINT, Buffer.alloc(8)]);
    bytes.writeUInt32BE(3_600_000, 38);
    bytes.writeUInt32BE(60_000, 42);
    return bytes;
  }

  it('is one string: a header of 46 bytes, then the reply', async () => {
    const begin = command(stage);
    const attempt = await started(store, begin);
    expect(key).toBe(`${stage.prefix}~1:idem:scope-1:stock`);
    expect(await stage.bytes(STOCK)).toEqual(header(1, 1, begin.token));
    await store.finish(attempt, DONE);
    expect(await stage.bytes(STOCK)).toEqual(Buffer.concat([header(2, 1, begin.token), DONE.reply]));
    await store.finish(attempt, { ...DONE, state: 'unreplayable' });
    expect(await stage.bytes(STOCK)).toEqual(Buffer.concat([header(3, 1, begin.token), DONE.reply]));
  });

  it('of a later attempt says so, also when it is free', async () => {
    await started(store, command(stage, { leaseMs: 20 }));
    await stage.pass(21);
    const attempt = await started(store, command(stage));
    expect(await stage.bytes(STOCK)).toEqual(header(1, 2, attempt.token));
    await store.fail(attempt);
    expect(await stage.bytes(STOCK)).toEqual(header(4, 2, attempt.token));
  });

  it('takes the largest numbers that fit', async () => {
    const largest = 2 ** 32 - 1;
    const attempt = await started(store, command(stage, { retentionMs: largest, leaseMs: largest }));
    expect((await stage.bytes(STOCK))?.subarray(38)).toEqual(Buffer.alloc(8, 0xff));
    expect(await store.finish(attempt, DONE)).toBe(true);
    expect(await store.inspect(STOCK)).toMatchObject({ leaseMs: largest, attempt: 1 });
    expect(await stage.raw.pttl(key)).toBeGreaterThan(largest - 10_000);
  });

  it('has its whole retention as its TTL after each change', async () => {
    const whole = async (): Promise<void> => {
      expect(await stage.raw.pttl(key)).toBeGreaterThan(3_590_000);
      await stage.raw.pexpire(key, 30_000);
    };
    const first = await started(store, command(stage, { leaseMs: 20 }));
    await whole();
    expect(await store.renew(first)).toBe(true);
    await whole();
    const second = await started(store, command(stage));
    await whole();
    await store.fail(second);
    await whole();
    const third = await started(store, command(stage));
    await whole();
    await store.finish(third, DONE);
    await whole();
    await store.finish(third, DONE);
    await whole();
  });

  it('holds a reply of 256 kB, of whatever bytes', async () => {
    const reply = randomBytes(256 * 1024);
    await store.finish(await started(store, command(stage)), { state: 'done', reply });
    expect(await store.begin(command(stage))).toEqual({ status: 'done', reply });
  });

  it('with a body of 512 bytes and 100 bytes of headers takes at most 900 bytes of memory', async () => {
    const name = { scope: randomBytes(16).toString('base64url'), operation: randomBytes(16).toString('base64url') };
    const namedAsByDefault = owned.add(await RedisRecordStage.open({ prefix: 'lock:' }));
    const usual = await namedAsByDefault.connect();
    await usual.finish(await started(usual, command(stage, { name })), { state: 'done', reply: randomBytes(612) });
    const record = namedAsByDefault.names.record(name);
    expect(Number(await stage.raw.memory('USAGE', record))).toBeLessThanOrEqual(900);
    await usual.purge(name);
  });

  it('is not listed among the locks, nor among those of a prefix that its own begins with', async () => {
    await started(store, command(stage, { name: { scope: randomBytes(16).toString('base64url'), operation: 'a-_' } }));
    await stage.raw.set(`${stage.prefix}lock`, 'foreign', 'PX', 60_000);
    const shorter = stage.prefix.slice(0, -4);
    for (const keyPrefix of [stage.prefix, shorter]) {
      const locks = owned.add(await Locks.open(process.env['TEST_REDIS_URL'] ?? '', { keyPrefix }));
      const keys: string[] = [];
      for await (const { key: listed } of locks.service.list()) keys.push(keyPrefix + listed);
      expect(keys).toEqual([`${stage.prefix}lock`]);
    }
  });

  it('leaves nothing but itself, and a tombstone only where one was asked for', async () => {
    const attempt = await started(store, command(stage));
    await store.finish(attempt, DONE);
    expect(await stage.raw.keys(`${stage.prefix}*`)).toEqual([key]);
    await store.cancel(STOCK, randomBytes(16));
    expect((await stage.raw.keys(`${stage.prefix}*`)).sort()).toEqual([key, stage.names.companion(key)].sort());
    expect(await stage.raw.pttl(stage.names.companion(key))).toBeGreaterThan(0);
    await store.purge(STOCK);
    await until('the tombstone has lapsed', 5_000, async () => (await stage.raw.keys(`${stage.prefix}*`)).length === 0);
  });
});

describe('names', () => {
  it.each(['lock:', 'app:{tenant}:', '{tenant}:', ''])('with the prefix %j, tombstones lie in the slot of their record', (prefix) => {
    const names = new KeySpace(prefix, true);
    const record = names.record({ scope: 'k8wAQZ5PMpu6laFVbiwEBd', operation: 'QE3DM0M-lQ7O_9TQMRE2EQ' });
    expect(hashSlot(names.companion(record))).toBe(hashSlot(record));
  });

  it.each(['{app}:', 'a*b?[c]\\d:', 'größe:'])('work with the prefix %j', async (start) => {
    const odd = owned.add(await RedisRecordStage.open({ prefix: `${randomBytes(4).toString('hex')}${start}` }));
    const records = await odd.connect();
    const begin = command(odd);
    await records.cancel(STOCK, begin.token);
    expect(await records.begin(begin)).toEqual({ status: 'void' });
    await records.finish(await started(records, command(odd)), DONE);
    expect(await odd.raw.exists(odd.names.record(STOCK))).toBe(1);
    expect(await records.purge({ scope: STOCK.scope })).toBe(1);
  });

  it("a client's own keyPrefix stands before ours", async () => {
    const client = new Redis(process.env['TEST_REDIS_URL'] ?? '', { keyPrefix: 'app:' });
    owned.add({ stop: async () => client.disconnect() });
    const records = await stage.connect(client);
    await started(records, command(stage));
    expect(await stage.raw.exists(`app:${key}`)).toBe(1);
    expect(await records.purge({ scope: STOCK.scope })).toBe(1);
  });
});

describe('where something else lies under the name', () => {
  const TOKEN = randomBytes(16);
  const FOREIGN: Record<string, () => Promise<unknown>> = {
    'a hash': () => stage.raw.hset(key, 'field', 'value'),
    'a list': () => stage.raw.rpush(key, 'item'),
    'a short text': () => stage.raw.set(key, 'x'),
    'an empty text': () => stage.raw.set(key, ''),
    'a long text': () => stage.raw.set(key, 'x'.repeat(100)),
    'a newer version': () => stage.raw.set(key, Buffer.concat([Buffer.from([2, 1, 0, 0, 0, 1]), TOKEN, Buffer.alloc(24)])),
    'a state of a newer version': () => stage.raw.set(key, Buffer.concat([Buffer.from([1, 5]), Buffer.alloc(44)])),
  };

  it.each(Object.keys(FOREIGN))('as %s, begin and inspect say so, and all leave it alone', async (what) => {
    await FOREIGN[what]?.();
    const before = await stage.raw.dumpBuffer(key);
    const attempt = { ...command(stage, { token: TOKEN }), attempt: 1 };
    for (const work of [store.begin(command(stage)), store.inspect(STOCK)]) {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(LockStoreError);
      expect(String(error)).toContain(`${key} holds what another program or a newer version of this package wrote`);
    }
    expect(await store.finish(attempt, DONE)).toBe(false);
    expect(await store.renew(attempt)).toBe(false);
    expect(await store.fail(attempt)).toBe(false);
    await store.cancel(STOCK, attempt.token);
    expect(await stage.raw.dumpBuffer(key)).toEqual(before);
    expect(await store.purge(STOCK)).toBe(1);
  });
});

describe('commands', () => {
  let redis: OwnRedis;
  let own: RedisRecordStage;
  let records: RecordStore;

  beforeEach(async () => {
    redis = owned.add(await OwnRedis.start());
    own = owned.add(await RedisRecordStage.open({ url: redis.url }));
    records = await own.connect();
  });

  /** How often scripts were run since the last reset, by digest and by text. */
  async function sent(): Promise<string[]> {
    const stats = await own.raw.info('commandstats');
    return [...stats.matchAll(/cmdstat_(evalsha|eval):calls=\d+/g)].map(([call]) => call);
  }

  it('each operation costs one EVALSHA, the first one after the start too', async () => {
    await own.raw.config('RESETSTAT');
    const attempt = await started(records, command(own));
    expect(await sent()).toEqual(['cmdstat_evalsha:calls=1']);
    await records.begin(command(own));
    await records.renew(attempt);
    await records.finish(attempt, DONE);
    await records.begin(command(own));
    await records.fail(attempt);
    await records.cancel(STOCK, attempt.token);
    await records.inspect(STOCK);
    expect(await sent()).toEqual(['cmdstat_evalsha:calls=8']);
  });

  it('a server that forgot the scripts gets them again', async () => {
    const forget = (): Promise<unknown> => own.raw.script('FLUSH', 'SYNC');
    await forget();
    const attempt = await started(records, command(own));
    await forget();
    expect(await records.renew(attempt)).toBe(true);
    await forget();
    expect(await records.finish(attempt, { state: 'done', reply: Buffer.from([0, 128, 255]) })).toBe(true);
    await forget();
    expect(await records.begin(command(own))).toEqual({ status: 'done', reply: Buffer.from([0, 128, 255]) });
    await forget();
    expect(await records.fail(attempt)).toBe(false);
    await forget();
    await records.cancel(STOCK, attempt.token);
    await forget();
    expect(await records.inspect(STOCK)).toMatchObject({ state: 'done' });
    await forget();
    expect(await records.purge({ scope: STOCK.scope })).toBe(1);
  });

  it('work with a client of another copy of ioredis', async () => {
    const load = createRequire(import.meta.url);
    jest.resetModules();
    const other = load('ioredis') as { Redis: typeof Redis };
    expect(other.Redis).not.toBe(Redis);
    const client = new other.Redis(redis.url);
    owned.add({ stop: async () => client.disconnect() });
    const foreign = await own.connect(client);
    const reply = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const attempt = await started(foreign, command(own));
    expect(await records.begin(command(own))).toMatchObject({ status: 'running' });
    await own.raw.script('FLUSH', 'SYNC');
    expect(await foreign.finish(attempt, { state: 'done', reply })).toBe(true);
    expect(await foreign.begin(command(own))).toEqual({ status: 'done', reply });
  });

  describe('on a server that is out of memory', () => {
    beforeEach(async () => {
      // The second attempt, so that letting go of it is a write.
      await started(records, command(own, { leaseMs: 20 }));
      await own.pass(21);
    });

    async function fill(): Promise<void> {
      await own.raw.config('SET', 'maxmemory', '1');
      await expect(own.raw.set('more', 'x')).rejects.toThrow('OOM');
    }

    it('begin and finish are refused; what is there is renewed, answered and given back', async () => {
      const attempt = await started(records, command(own));
      const done = await started(records, command(own, { name: { ...STOCK, operation: 'done' } }));
      await records.finish(done, DONE);
      await fill();
      await expect(records.begin(command(own, { name: { ...STOCK, operation: 'new' } }))).rejects.toThrow(LockStoreError);
      await expect(records.finish(attempt, DONE)).rejects.toThrow('OOM');
      expect(await records.begin(command(own, { name: done.name }))).toEqual({ status: 'done', reply: DONE.reply });
      expect(await records.renew(attempt)).toBe(true);
      expect(await records.fail(attempt)).toBe(true);
      expect(await records.inspect(STOCK)).toMatchObject({ state: 'free', attempt: 2 });
    });

    it('an attempt is cancelled, whether it has begun or not', async () => {
      const attempt = await started(records, command(own));
      const late = command(own);
      await fill();
      await records.cancel(STOCK, attempt.token);
      await records.cancel(STOCK, late.token);
      expect(await records.inspect(STOCK)).toMatchObject({ state: 'free', attempt: 2 });
      await own.raw.config('SET', 'maxmemory', '0');
      expect(await records.begin(late)).toEqual({ status: 'void' });
    });
  });
});
