import { LockLostError } from 'nestjs-redis-lock';
import { ManualClock, TestingLockServer } from 'nestjs-redis-lock/testing';

// The wall clock runs on while a machine is suspended, and the monotonic one does not: that is what it is looked at for.
it.each([
  ['never stepped', 0],
  ['was set back before', -10_000],
  ['was set forward before', 1_000],
])('a lease that ended while the machine was suspended is not believed in when the wall clock %s', async (_how, stepMs) => {
  const clock = new ManualClock();
  const server = new TestingLockServer({ clock });
  const locks = await server.connect({ ttl: '3s' });
  const lock = await locks.acquire('stock');
  await clock.advance('1500ms');
  clock.stepWallClock(stepMs);
  await clock.advance('1500ms');
  expect(lock.isHeld).toBe(true);

  clock.suspend('4s');
  expect(lock.isHeld).toBe(false);
  expect(() => lock.assertHeld()).toThrow(LockLostError);
  await server.stop();
});
