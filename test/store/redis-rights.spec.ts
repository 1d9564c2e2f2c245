import { LockStoreError } from 'nestjs-redis-lock';
import { Locks } from '../faults/support/locks.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { timed } from '../faults/support/until.js';

const owned = ownedByEachTest();
let redis: OwnRedis;

beforeAll(async () => {
  redis = await OwnRedis.start();
});
afterAll(() => redis.stop());

async function open(rights: string[]): Promise<{ value?: Locks; error?: unknown }> {
  const observer = await redis.client();
  await observer.flushall();
  // So that each script comes with its text once more.
  await observer.script('FLUSH');
  await observer.call('ACL', 'SETUSER', 'locks', 'reset', 'on', '>secret', '~*', '&*', '+@all', ...rights);
  return timed(Locks.open(`redis://locks:secret@127.0.0.1:${String(redis.port)}`));
}

it.each([
  ...[
    'time',
    'get',
    'set',
    'del',
    'exists',
    'pttl',
    'pexpire',
    'zadd',
    'zscore',
    'zremrangebyscore',
    'zrangebyscore',
    'zcount',
    'zrem',
    'publish',
  ],
  ...['evalsha', 'eval', 'subscribe', 'multi', 'hset', 'hdel', 'info'],
])('a Redis user without the right to %s is refused at start, with what the server said', async (command) => {
  const { value, error } = await open([`-${command}`]);
  if (value !== undefined) owned.add(value);
  expect(error).toBeInstanceOf(LockStoreError);
  expect(String(error)).toMatch(/no permissions|can't run this command/);
});

it('so is one without the channels', async () => {
  const { error } = await open(['resetchannels']);
  expect(error).toBeInstanceOf(LockStoreError);
  expect(String(error)).toContain('channels');
});

it('one who has them all starts, and leaves nothing of the trial behind', async () => {
  const observer = await redis.client();
  const { value } = await open([]);
  if (value !== undefined) owned.add(value);
  expect(value).toBeDefined();
  expect((await observer.keys('*')).filter((name) => name.includes('rehearsal') || name.includes('card'))).toEqual([]);
});
