import { until } from '../../faults/support/until.js';
import { attempt, granted } from './grants.suite.js';
import { COMMAND_TIMEOUT, type StoreProcess, type StoreStage } from './store-stage.js';

/** How long a wake request lasts that its process does not repeat. */
const REQUEST_MS = COMMAND_TIMEOUT + 1_000;

/** Who is told when a lock becomes free. */
export function describeMessages(stage: () => StoreStage): void {
  let holder: StoreProcess;
  let waiter: StoreProcess;
  let token: string;

  beforeEach(async () => {
    holder = await stage().connect();
    waiter = await stage().connect();
    token = holder.token();
    await granted(holder, 'stock', token);
  });

  /** A message that follows all others: when it is here, so are they. */
  async function hearsNothing(process: StoreProcess): Promise<void> {
    const last = holder.token();
    await granted(holder, 'last', last);
    await attempt(process, 'last', process.token(), { wake: true });
    await holder.store.release('last', last, 0);
    await until('the last message', 2_000, () => process.wakes.includes('last'));
    expect(process.wakes).toEqual(['last']);
  }

  const FREEING: Record<string, () => Promise<unknown>> = {
    release: () => holder.store.release('stock', token, 0),
    cancel: () => holder.store.cancel('stock', token),
    forceRelease: () => waiter.store.forceRelease('stock'),
  };

  it.each(Object.entries(FREEING))('%s wakes the process that asked, once', async (_name, free) => {
    const bystander = await stage().connect();
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await attempt(bystander, 'stock', bystander.token());
    await free();
    await until('the waiter is woken', 2_000, () => waiter.wakes.length > 0);
    expect(waiter.wakes).toEqual(['stock']);
    waiter.wakes.length = 0;

    // Whoever wants more has to ask again.
    const next = holder.token();
    await granted(holder, 'stock', next);
    await holder.store.release('stock', next, 0);
    await hearsNothing(waiter);
    await hearsNothing(bystander);
  });

  it('all who asked are woken', async () => {
    const others = await Promise.all([stage().connect(), stage().connect()]);
    for (const process of [waiter, ...others]) await attempt(process, 'stock', process.token(), { wake: true });
    expect([...(await holder.store.inspect('stock')).waiting].sort()).toEqual([waiter, ...others].map(({ name }) => name).sort());
    await holder.store.release('stock', token, 0);
    for (const process of [waiter, ...others]) await until('it is woken', 2_000, () => process.wakes.length === 1);
    expect((await holder.store.inspect('stock')).waiting).toEqual([]);
  });

  it('a grant asks for nothing', async () => {
    const mine = waiter.token();
    await granted(waiter, 'orders', mine, { wake: true });
    await waiter.store.release('orders', mine, 0);
    expect((await waiter.store.inspect('orders')).waiting).toEqual([]);
    await hearsNothing(waiter);
  });

  it('a request lapses that is not repeated', async () => {
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await stage().pass(REQUEST_MS + 1);
    expect((await holder.store.inspect('stock')).waiting).toEqual([]);
    await holder.store.release('stock', token, 0);
    await hearsNothing(waiter);
  });

  it('a repeated request lasts longer', async () => {
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await stage().pass(0.7 * REQUEST_MS);
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await stage().pass(0.7 * REQUEST_MS);
    expect((await holder.store.inspect('stock')).waiting).toEqual([waiter.name]);
    await holder.store.release('stock', token, 0);
    await until('the waiter is woken', 2_000, () => waiter.wakes.length === 1);
  });

  it('a tombstone is no request', async () => {
    await waiter.store.cancel('stock', waiter.token());
    expect((await holder.store.inspect('stock')).waiting).toEqual([]);
    await holder.store.release('stock', token, 0);
    await hearsNothing(waiter);
  });

  it('a release that keeps the lock wakes nobody yet', async () => {
    await attempt(waiter, 'stock', waiter.token(), { wake: true });
    await holder.store.release('stock', token, 60_000);
    await hearsNothing(waiter);
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
