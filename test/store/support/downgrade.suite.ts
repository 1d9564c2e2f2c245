import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

/** From holding a lock alone to reading, with nobody in between. */
export function describeDowngrade(stage: () => StoreStage): void {
  let lock: SharedKey;
  let holder: StoreProcess;
  let one: StoreProcess;
  let other: StoreProcess;
  let token: string;

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    [holder, one, other] = [await stage().connect(), await stage().connect(), await stage().connect()];
    ({ token } = await lock.take(holder, ALONE));
  });

  it('makes a reader of who held the lock alone, by the same token', async () => {
    expect(await lock.downgrade(token)).toBe(true);
    expect(await lock.stored()).toMatchObject({ owner: undefined, sharing: READING });
    expect(await lock.holders()).toEqual([token]);
    expect(await lock.renew(token, ALONE)).toBe(false);
    expect((await lock.release(token, ALONE)).released).toBe(false);
    expect(await lock.renew(token, READING)).toBe(true);
    expect((await lock.ask(one, ALONE)).status).toBe('busy');
    const { token: joined } = await lock.take(other, READING);
    expect((await lock.release(token, READING)).released).toBe(true);
    expect(await lock.holders()).toEqual([joined]);
  });

  it('sets the lease, and never shortens it', async () => {
    await lock.extend(token, ALONE, 20_000);
    expect(await lock.downgrade(token, 40_000)).toBe(true);
    expect(await lock.leftOf(token)).toBeGreaterThan(30_000);
    expect(await lock.left()).toBeGreaterThan(30_000);

    const long = await SharedKey.open(stage(), 'long');
    const held = await long.take(one, ALONE);
    expect(await long.downgrade(held.token, 10_000)).toBe(true);
    expect(await long.leftOf(held.token)).toBeGreaterThan(50_000);
    expect(await long.left()).toBeGreaterThan(50_000);
  });

  it('lets in all readers in line, also where a writer came before them, who is next', async () => {
    const writer = await lock.stand(holder, ALONE);
    const [first, second] = [await lock.stand(one, READING, { count: 2 }), await lock.stand(other, READING)];
    expect(await lock.downgrade(token)).toBe(true);
    for (const [process, entry, shares] of [
      [one, first, 2],
      [other, second, 1],
    ] as const) {
      await lock.heard(process);
      expect(process.granted).toMatchObject([{ key: 'stock', kind: 'read', token: entry.token, shares }]);
      expect(await lock.leftOf(entry.token)).toBeLessThanOrEqual(GRACE_MS);
    }
    expect(await lock.holders()).toEqual([token, first.token, `${first.token}/1`, second.token].sort());
    expect(await lock.left()).toBeGreaterThan(50_000);
    expect((await lock.ask(one, READING)).status).toBe('busy');
    for (const share of await lock.holders()) await lock.release(share, READING);
    expect(await lock.holders()).toEqual([writer.token]);
  });

  it('passes over a reader that has ended', async () => {
    await lock.standDead(READING);
    await lock.extend(token, ALONE, GRACE_MS / 2);
    expect(await lock.downgrade(token, GRACE_MS / 2)).toBe(true);
    expect(await lock.holders()).toEqual([token]);
    expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS / 2);
  });

  it('keeps a waiting writer out, and others from reading before it', async () => {
    const writer = await lock.stand(one, ALONE);
    expect(await lock.downgrade(token)).toBe(true);
    expect(await lock.holders()).toEqual([token]);
    expect((await lock.ask(other, READING)).status).toBe('busy');
    expect((await lock.ask(other, READING, {}, true)).status).toBe('queued');
    await lock.release(token, READING);
    expect(await lock.holders()).toEqual([writer.token]);
  });

  it('is for the owner only', async () => {
    await lock.stand(one, READING);
    expect(await lock.downgrade(one.token())).toBe(false);
    expect(await lock.holders()).toEqual([token]);
    expect((await lock.stored()).owner).toBe(token);
    await lock.downgrade(token);
    expect(await lock.downgrade(token)).toBe(false);

    const limited = await SharedKey.open(stage(), 'limited');
    const permit = await limited.take(one, permitOf(1));
    expect(await limited.downgrade(permit.token)).toBe(false);
    expect(await limited.stored()).toMatchObject({ sharing: permitOf(1) });
    const free = await SharedKey.open(stage(), 'free');
    expect(await free.downgrade(token)).toBe(false);
    expect(await free.holders()).toEqual([]);
  });

  it('does nothing where it arrives late', async () => {
    await lock.stand(one, READING);
    const late = { key: 'stock', token, leaseMs: LEASE_MS, deadlineMs: -1 };
    expect(await stage().arriveDowngrade(late)).toBe('stale');
    expect(await lock.stored()).toMatchObject({ owner: token, sharing: undefined });
    expect(await stage().arriveDowngrade({ ...late, deadlineMs: 1_000 })).toBe(true);
    expect(await lock.holders()).toHaveLength(2);
    expect(await stage().arriveDowngrade({ ...late, deadlineMs: 1_000 })).toBe(false);
  });
}
