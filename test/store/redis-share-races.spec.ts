import { systemClock } from '../../libs/redis-lock/src/runtime/system-clock.js';
import { attempt } from './support/grants.suite.js';
import { RedisStage } from './support/redis-stage.js';

let stage: RedisStage;

beforeEach(async () => {
  stage = await RedisStage.open();
});
afterEach(() => stage.stop());

it('whoever asks for a permit in the millisecond in which the last one lapses does not overwrite the lock of who is next', async () => {
  const [waiter, asking] = [await stage.connect(), await stage.connect()];
  const lock = `${stage.prefix}stock`;
  await stage.raw.set(lock, 'foreign', 'PX', 10_000);
  const token = waiter.token();
  const standing = { graceMs: 5_000, since: undefined };
  expect((await attempt(waiter, 'stock', token, { queue: standing })).status).toBe('queued');
  // The marker of a semaphore outlives its last permit by up to a millisecond.
  await stage.raw.set(lock, '~1:limit:1', 'PX', 10_000);
  const command = { key: 'stock', token: asking.token(), leaseMs: 60_000, reserve: 1, queue: undefined, sent: systemClock.now() };
  const reply = await asking.store.grant({ ...command, sharing: { kind: 'permit', limit: 1 } });
  expect(reply).toEqual({ status: 'mismatch', found: undefined });
  expect(await waiter.store.inspect('stock')).toMatchObject({ owner: token, sharing: undefined });
});
