import { until } from '../../faults/support/until.js';
import { attempt, granted } from './grants.suite.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

/** Who is told what, unasked. */
export function describeMessages(stage: () => StoreStage): void {
  let holder: StoreProcess;
  let waiter: StoreProcess;
  let token: string;
  const queue = { graceMs: 5_000, since: undefined };

  beforeEach(async () => {
    holder = await stage().connect();
    waiter = await stage().connect();
    token = holder.token();
    await granted(holder, 'stock', token);
  });

  const FREEING: Record<string, () => Promise<unknown>> = {
    release: () => holder.store.release({ key: 'stock', token, keepMs: 0 }),
    cancel: () => holder.store.cancel('stock', token),
    leave: () => holder.store.leave('stock', token),
    forceRelease: () => waiter.store.forceRelease('stock'),
  };

  it.each(Object.entries(FREEING))('%s hands the lock over to the process in line, and tells it', async (_name, free) => {
    const mine = waiter.token();
    expect((await attempt(waiter, 'stock', mine, { queue })).status).toBe('queued');
    await free();
    await until('the waiter is told', 2_000, () => waiter.granted.length > 0);
    const last = await granted(holder, 'last', holder.token());
    expect(waiter.granted).toEqual([{ key: 'stock', token: mine, fence: expect.any(Number) as number, others: false }]);
    expect(waiter.granted[0]?.fence).toBeLessThan(last);
    expect((await holder.store.inspect('stock')).owner).toBe(mine);
    expect(holder.granted).toEqual([]);
  });

  it('the holder is told of the first process that waits, and of no other', async () => {
    const second = await stage().connect();
    await attempt(waiter, 'stock', waiter.token(), { queue });
    await until('the holder is told', 2_000, () => holder.others.length > 0);
    await attempt(second, 'stock', second.token(), { queue });
    await attempt(holder, 'stock', holder.token(), { queue });
    // A message that follows all others: when it is here, so are they.
    await waiter.store.forceRelease('stock');
    await until('the holder is told', 2_000, () => holder.forced.length > 0);
    expect(holder.others).toEqual(['stock']);
    expect([...waiter.others, ...second.others]).toEqual([]);
  });

  it('one attempt asks for nothing', async () => {
    await attempt(waiter, 'stock', waiter.token());
    expect((await holder.store.inspect('stock')).waiting).toEqual([]);
    await holder.store.release({ key: 'stock', token, keepMs: 0 });
    expect((await holder.store.inspect('stock')).owner).toBeUndefined();
  });

  it('a release that keeps the lock hands nothing over yet', async () => {
    await attempt(waiter, 'stock', waiter.token(), { queue });
    await holder.store.release({ key: 'stock', token, keepMs: 60_000 });
    expect((await waiter.store.inspect('stock')).owner).toBe(token);
  });

  it('forceRelease frees a lock and tells its holder, by the token', async () => {
    expect(await waiter.store.forceRelease('stock')).toBe(true);
    await until('the holder is told', 2_000, () => holder.forced.length > 0);
    expect(holder.forced).toEqual([`stock ${token}`]);
    expect(waiter.forced).toEqual([]);
    expect((await attempt(waiter, 'stock', waiter.token())).status).toBe('granted');
    expect(await waiter.store.forceRelease('free')).toBe(false);
  });
}
