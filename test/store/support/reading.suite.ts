import type { LockDescription } from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { granted } from './grants.suite.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

const GLOBS: Record<string, { matches: string[]; others: string[] }> = {
  '*': { matches: ['a', 'a:b', 'ä', '日本', '*', '[x]'], others: [] },
  a: { matches: ['a'], others: ['A', 'aa', 'b'] },
  'order:*': { matches: ['order:', 'order:1', 'order:1:2'], others: ['orders', 'xorder:1'] },
  '*:1': { matches: ['a:1', ':1'], others: ['a:11', 'a:1 '] },
  'a*b*c': { matches: ['abc', 'aXbYc', 'abbc', 'a*b*c'], others: ['acb', 'abcd'] },
  'a?c': { matches: ['abc', 'a?c', 'a.c'], others: ['ac', 'abbc'] },
  'a.c': { matches: ['a.c'], others: ['abc'] },
  'a[bc]d': { matches: ['abd', 'acd'], others: ['aed', 'a[bc]d', 'abcd'] },
  'a[b-d]e': { matches: ['abe', 'ace', 'ade'], others: ['aee', 'a-e'] },
  'a[d-b]e': { matches: ['ace'], others: ['aee'] },
  'a[^b-d]e': { matches: ['aee', 'a^e'], others: ['abe', 'ace'] },
  '[*]': { matches: ['*'], others: ['a'] },
  'a\\*': { matches: ['a*'], others: ['ab', 'a\\*'] },
  'a\\\\b': { matches: ['a\\b'], others: ['a\\\\b'] },
  '\\[x\\]': { matches: ['[x]'], others: ['x'] },
  '(a|b)+$^': { matches: ['(a|b)+$^'], others: ['a', 'b'] },
  '{t}:*': { matches: ['{t}:a'], others: ['t:a'] },
  ä: { matches: ['ä'], others: ['a'] },
  'ä*': { matches: ['ä', 'äb'], others: ['a'] },
  '[[]': { matches: ['['], others: ['x'] },
  '[a\\]]': { matches: ['a', ']'], others: ['\\'] },
};

/** inspect, keys and cards: what operators see. */
export function describeReading(stage: () => StoreStage): void {
  let one: StoreProcess;
  let other: StoreProcess;

  beforeEach(async () => {
    one = await stage().connect();
    other = await stage().connect();
  });

  async function keys(pattern: string): Promise<string[]> {
    const found = new Set<string>();
    for await (const key of one.store.keys(pattern)) found.add(key);
    return [...found].sort();
  }

  it('inspects free and held locks', async () => {
    const free = {
      key: 'stock',
      owner: undefined,
      sharing: undefined,
      shares: [],
      foreignType: undefined,
      leaseLeftMs: undefined,
      waiting: [],
    };
    expect(await other.store.inspect('stock')).toEqual(free);
    const token = one.token();
    await granted(one, 'stock', token, { leaseMs: 10_000 });
    const held = await other.store.inspect('stock');
    expect(held).toEqual({ ...free, owner: token, leaseLeftMs: expect.any(Number) as number });
    expect(held.leaseLeftMs).toBeGreaterThan(8_000);
    expect(held.leaseLeftMs).toBeLessThanOrEqual(10_000);
    await one.store.release({ key: 'stock', token, keepMs: 0 });
    expect(await other.store.inspect('stock')).toEqual(free);
  });

  it.each(Object.entries(GLOBS))('finds keys by the glob %j', async (pattern, { matches, others }) => {
    for (const key of [...matches, ...others]) await granted(one, key, one.token());
    expect(await keys(pattern)).toEqual([...matches].sort());
  });

  it('finds each of many keys, and none that is free', async () => {
    const names = Array.from({ length: 1_500 }, (_, i) => `key-${String(i)}`);
    const tokens = names.map(() => one.token());
    await Promise.all(names.map((key, i) => granted(one, key, tokens[i] ?? '')));
    await one.store.cancel('cancelled', one.token());
    await Promise.all(names.slice(0, 500).map((key, i) => one.store.release({ key, token: tokens[i] ?? '', keepMs: 0 })));
    expect(await keys('*')).toEqual(names.slice(500).sort());
  });

  it('tells of each process what it says of itself', async () => {
    const held = { token: one.token(), fence: 17, label: 'nightly "import" ü' };
    expect(await other.store.readCard(one.name, 'stock')).toBeUndefined();
    await one.store.describe({
      host: 'host-1',
      pid: 4_711,
      held: new Map<string, LockDescription[]>([
        ['stock', [held, { ...held, token: one.token() }]],
        ['orders', [{ ...held, label: undefined }]],
      ]),
      waiting: new Map([['queue', 3]]),
    });
    const card = { host: 'host-1', pid: 4_711, ageMs: expect.any(Number) as number, held: [], waitingCallers: 0 };
    expect(await other.store.readCard(one.name, 'stock')).toEqual({
      ...card,
      held: [held, { ...held, token: expect.any(String) as string }],
    });
    expect(await other.store.readCard(one.name, 'orders')).toEqual({ ...card, held: [{ ...held, label: undefined }] });
    expect(await other.store.readCard(one.name, 'queue')).toEqual({ ...card, waitingCallers: 3 });
    expect(await other.store.readCard(one.name, 'unknown')).toEqual(card);
    expect(await other.store.readCard(other.name, 'stock')).toBeUndefined();

    await one.store.describe({
      host: 'host-1',
      pid: 4_711,
      held: new Map([['stock', undefined]]),
      waiting: new Map([['queue', undefined]]),
    });
    expect(await other.store.readCard(one.name, 'stock')).toEqual(card);
    expect(await other.store.readCard(one.name, 'orders')).toMatchObject({ held: [{ fence: 17 }] });
    expect(await other.store.readCard(one.name, 'queue')).toEqual(card);
  });

  it('tells how old it is', async () => {
    await one.store.describe({ host: 'host-1', pid: 1, held: new Map(), waiting: new Map([['stock', 1]]) });
    await stage().pass(300);
    const { ageMs = NaN } = (await other.store.readCard(one.name, 'stock')) ?? {};
    expect(ageMs).toBeGreaterThanOrEqual(299);
    expect(ageMs).toBeLessThan(5_000);
  });

  it('takes its card along when it closes', async () => {
    await one.store.describe({ host: 'host-1', pid: 1, held: new Map(), waiting: new Map([['stock', 1]]) });
    await one.store.close();
    expect(await other.store.readCard(one.name, 'stock')).toBeUndefined();
  });

  it('answers a ping', async () => {
    await one.store.ping();
  });
}
