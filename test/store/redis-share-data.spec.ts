import { systemClock } from '../../libs/redis-lock/src/runtime/system-clock.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { until } from '../faults/support/until.js';
import { openScene } from './support/redis-scene.js';
import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, nextOf, permitOf } from './support/shared-key.js';
import { COMMAND_TIMEOUT, LIVE_MS } from './support/store-stage.js';

const owned = ownedByEachTest();
const KINDS = [
  ['readers', READING, '~1:read'],
  ['permits', permitOf(3), '~1:limit:3'],
] as const;

describe.each(KINDS)('what %s write', (_name, sharing, marker) => {
  it('is a marker that lasts as long as the last share, and a companion', async () => {
    const { stage, lock, one, other, names } = await openScene(owned);
    const { token } = await lock.take(one, sharing, { leaseMs: 50_000 });
    await lock.take(other, sharing, { leaseMs: 20_000 });
    expect(await stage.raw.get(names.lock)).toBe(marker);
    for (const name of [names.lock, names.companion]) {
      expect(await stage.raw.pttl(name)).toBeGreaterThan(40_000);
      expect(await stage.raw.pttl(name)).toBeLessThanOrEqual(50_000);
    }
    await lock.release(token, sharing);
    expect(await stage.raw.pttl(names.lock)).toBeLessThanOrEqual(20_000);
    expect((await stage.raw.keys(`${stage.prefix}*`)).sort()).toEqual(Object.values(names).sort());
  });

  it('is a few hundred bytes', async () => {
    const { stage, lock, one, names } = await openScene(owned);
    await lock.take(one, sharing, { count: 3 });
    const sizes = [names.lock, names.companion].map(async (name) => Number(await stage.raw.memory('USAGE', name)));
    expect((await Promise.all(sizes)).reduce((sum, size) => sum + size)).toBeLessThan(700);
    expect(await stage.raw.object('ENCODING', names.companion)).toMatch(/^(listpack|ziplist)$/);
  });

  it('all has a TTL at every moment, and nothing is left but the fence counter', async () => {
    const { stage, lock, one, other, names } = await openScene(owned);
    const others = sharing.kind === 'read' ? ALONE : sharing;
    const steps: (() => Promise<unknown>)[] = [];
    const [first, second, third, queued, last] = [one.token(), other.token(), one.token(), other.token(), one.token()];
    const alone = await SharedKey.open(stage, 'alone');
    steps.push(
      () => lock.take(one, sharing, { token: first, count: 2, leaseMs: 4_000 }),
      () => lock.take(other, sharing, { token: second, leaseMs: 3_000 }),
      () => lock.stand(other, others, { token: queued }),
      () => lock.renew(first, sharing, 5_000),
      () => lock.extend(first, sharing, 2_000),
      () => lock.keep(second, sharing, 2_500),
      () => lock.release(first, sharing, { ...nextOf(third), leaseMs: 2_000, graceMs: 500 }),
      () => lock.cancel(one.token(), sharing),
      () => lock.beat(other, others, queued, { leaseMs: 2_000 }),
      () => lock.standDead(others),
      () => lock.release(`${first}/1`, sharing),
      () => lock.forceRelease(),
      () => alone.take(one, ALONE, { token: last, leaseMs: 1_000 }),
      () => alone.stand(other, READING),
      () => alone.standDead(READING),
      () => alone.downgrade(last, 1_500),
      () => one.store.grantAll({ claims: [{ key: 'a', token: one.token() }], leaseMs: 1_000, sent: systemClock.now() }),
    );
    for (const [i, step] of steps.entries()) {
      await step();
      const names = await stage.raw.keys(`${stage.prefix}*`);
      const ttls = await Promise.all(names.map(async (name) => [i, name, await stage.raw.pttl(name)] as const));
      expect(ttls.filter(([, , ttl]) => ttl === -1)).toEqual([]);
    }
    const longest = Math.max(GRACE_MS, LIVE_MS, 2 * COMMAND_TIMEOUT) + 1_000;
    await until('all has lapsed', longest, async () => (await stage.raw.keys(`${stage.prefix}*`)).length === 1);
    expect(await stage.raw.keys(`${stage.prefix}*`)).toEqual([names.fence]);
    expect(await stage.raw.pttl(names.fence)).toBeGreaterThan(29 * 24 * 3_600_000);
  });

  it('is gone when the last share is', async () => {
    const { stage, lock, one, names } = await openScene(owned);
    for (let i = 0; i < 3; i++) {
      const { token } = await lock.take(one, sharing, { count: 2 });
      for (const share of [token, `${token}/1`]) await lock.release(share, sharing);
      expect(await stage.raw.keys(`${stage.prefix}*`)).toEqual([names.fence]);
    }
  });

  it('keeps out whoever locks with SET NX, until the last share is gone', async () => {
    const { stage, lock, one, other, names } = await openScene(owned);
    const foreign = () => stage.raw.set(names.lock, 'foreign', 'PX', LEASE_MS, 'NX');
    const [first, second] = [await lock.take(one, sharing), await lock.take(other, sharing)];
    expect(await foreign()).toBeNull();
    await lock.release(first.token, sharing);
    expect(await foreign()).toBeNull();
    await lock.release(second.token, sharing);
    expect(await foreign()).toBe('OK');
    expect((await lock.ask(one, sharing)).status).toBe('busy');
    expect((await lock.ask(one, READING)).status).toBe('busy');
  });

  it('waits for a lock of another program, and gets its turn when that deletes it', async () => {
    const { stage, lock, one, names } = await openScene(owned);
    await stage.raw.set(names.lock, 'foreign', 'PX', LEASE_MS);
    const { token } = await lock.stand(one, sharing);
    expect(await lock.beat(one, sharing, token)).toMatchObject({ status: 'queued', token });
    expect(await stage.raw.get(names.lock)).toBe('foreign');
    await stage.raw.del(names.lock);
    expect(await lock.beat(one, sharing, token)).toMatchObject({ status: 'granted', token });
    expect(await stage.raw.get(names.lock)).toBe(marker);
  });

  it('is of no use to shares whose key another program took, also when that has gone and the lock is shared again', async () => {
    const { stage, lock, one, other, names } = await openScene(owned);
    const { token } = await lock.take(one, sharing);
    for (const value of ['foreign', `${'f'.repeat(12)}.${'f'.repeat(22)}`, '~2:read']) {
      await stage.raw.set(names.lock, value, 'PX', LEASE_MS);
      expect(await lock.renew(token, sharing)).toBe(false);
      expect(await lock.extend(token, sharing, LEASE_MS)).toBe(false);
      expect((await lock.release(token, sharing)).released).toBe(false);
      expect((await lock.keep(token, sharing, LEASE_MS)).released).toBe(false);
      expect(await lock.stored()).toMatchObject({ owner: value, shares: [] });
    }
    await stage.raw.del(names.lock);
    expect(await lock.renew(token, sharing)).toBe(false);
    const again = await lock.take(other, sharing);
    expect(await lock.renew(token, sharing)).toBe(false);
    expect(await lock.holders()).toEqual([again.token]);
  });
});

it('a key may have spaces: the message to those in line names it', async () => {
  const { stage, one, other } = await openScene(owned);
  const lock = await SharedKey.open(stage, 'a  b p2 ');
  const { token } = await lock.take(one, ALONE);
  const queued = await lock.stand(other, READING, { count: 2 });
  await lock.release(token, ALONE);
  await lock.heard(other);
  expect(other.granted).toEqual([
    { key: 'a  b p2 ', kind: 'read', token: queued.token, fence: expect.any(Number) as number, others: false, shares: 2 },
  ]);
});

it('as many readers as one command may ask for are admitted, and leave again', async () => {
  const { lock, one, other } = await openScene(owned);
  const { token } = await lock.take(one, ALONE);
  const queued = await lock.stand(other, READING, { count: 1_000 });
  const writer = await lock.stand(one, ALONE);
  await lock.release(token, ALONE);
  expect(await lock.holders()).toHaveLength(1_000);
  const shares = await lock.holders();
  const renewed = await other.store.renew(shares.map((share) => ({ key: 'stock', token: share, leaseMs: LEASE_MS, sharing: READING })));
  expect(renewed.filter((result) => result.status === 'fulfilled' && result.value)).toHaveLength(1_000);
  await lock.cancel(queued.token, READING);
  expect(await lock.holders()).toEqual([writer.token]);
});

it('a permit costs the server the same however many are held', async () => {
  const { stage, one } = await openScene(owned);
  const sharing = permitOf(20_000);
  const [few, many] = [await SharedKey.open(stage, 'few'), await SharedKey.open(stage, 'many')];
  await few.take(one, sharing, { count: 10 });
  for (let i = 0; i < 10; i++) await many.take(one, sharing, { count: 1_000 });
  const timed = async (lock: SharedKey): Promise<number> => {
    const since = performance.now();
    const { token } = await lock.take(one, sharing);
    await lock.release(token, sharing);
    return performance.now() - since;
  };
  const ms: { few: number[]; many: number[] } = { few: [], many: [] };
  for (let i = 0; i < 31; i++) {
    ms.few.push(await timed(few));
    ms.many.push(await timed(many));
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[15] ?? NaN;
  // Where each of them is looked at even once it is some thirty times as much.
  expect(median(ms.many)).toBeLessThan(20 * median(ms.few));
});
