import { hostname } from 'node:os';
import { LockKeyError, type LockService, type LockState } from 'nestjs-redis-lock';
import { until } from '../faults/support/until.js';
import { describeOnBothStores } from './support/lock-stage.js';

describeOnBothStores('inspect and list', (stage) => {
  let locks: LockService;
  let rival: LockService;

  beforeEach(async () => {
    locks = await stage().connect();
    rival = await stage().connect();
  });

  async function listed(pattern?: string): Promise<LockState[]> {
    const states: LockState[] = [];
    for await (const state of rival.list(pattern)) states.push(state);
    return states.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  it('a free lock', async () => {
    expect(await locks.inspect('stock')).toEqual({
      key: 'stock',
      locked: false,
      kind: 'free',
      holders: [],
      waitingProcesses: 0,
      waitingCallers: 0,
      labelsAgeMs: undefined,
      note: undefined,
    });
  });

  it('a lock of its own process is told of exactly, at once', async () => {
    const lock = await locks.acquire('stock', { ttl: '20s', label: 'nightly import' });
    const { holders, ...state } = await locks.inspect('stock');
    expect(state).toMatchObject({ locked: true, kind: 'exclusive', labelsAgeMs: 0, waitingCallers: 0, note: undefined });
    expect(holders).toEqual([
      {
        process: expect.stringMatching(/^[\w-]{12}$/) as string,
        host: hostname(),
        pid: process.pid,
        fence: lock.fence,
        ttlMs: expect.any(Number) as number,
        label: 'nightly import',
      },
    ]);
    expect(holders[0]?.ttlMs).toBeGreaterThan(15_000);
    expect(holders[0]?.ttlMs).toBeLessThanOrEqual(20_000);
  });

  it('a lock of another process is told of by name at once, and in full when it has been held for a while', async () => {
    const lock = await locks.acquire('stock', { ttl: '20s', label: 'nightly import' });
    const [holder] = (await rival.inspect('stock')).holders;
    expect(holder).toMatchObject({ process: (await locks.inspect('stock')).holders[0]?.process, fence: undefined, label: undefined });
    await stage().pass(2_100);
    await until('it has described itself', 3_000, async () => (await rival.inspect('stock')).holders[0]?.label !== undefined);
    const told = await rival.inspect('stock');
    expect(told.holders[0]).toMatchObject({ host: hostname(), pid: process.pid, fence: lock.fence, label: 'nightly import' });
    expect(told.labelsAgeMs).toBeGreaterThanOrEqual(0);
    expect(told.labelsAgeMs).toBeLessThan(10_000);
    expect(await locks.inspect('other')).toMatchObject({ locked: false });
  });

  it('does not tell of a lock what was true of the one before', async () => {
    const first = await locks.acquire('stock', { label: 'the first' });
    await stage().pass(2_100);
    await until('it has described itself', 3_000, async () => (await rival.inspect('stock')).holders[0]?.label === 'the first');
    await first.release();
    const second = await locks.acquire('stock', { label: 'the second' });
    expect((await rival.inspect('stock')).holders[0]).toMatchObject({ label: undefined, fence: undefined });
    expect((await locks.inspect('stock')).holders[0]).toMatchObject({ label: 'the second', fence: second.fence });
  });

  it('never shows a whole token', async () => {
    await locks.acquire('stock');
    await stage().pass(1_500);
    for (const service of [locks, rival]) {
      expect(JSON.stringify(await service.inspect('stock'))).not.toMatch(/[\w-]{12}\.[\w-]{22}/);
    }
  });

  it('counts who waits: its own callers exactly, processes as they asked', async () => {
    const lock = await locks.acquire('stock', { ttl: '1m' });
    const waiting = [1, 2, 3].map(() => rival.acquire('stock', { wait: '20s' }));
    const own = locks.acquire('stock', { wait: '20s' });
    await stage().untilWaiting(locks, 'stock');
    await until('the other process has asked', 2_000, async () => (await locks.inspect('stock')).waitingProcesses === 2);
    // The holder's own callers stand in no line of the store's: it says so itself, in a while.
    expect(await rival.inspect('stock')).toMatchObject({ waitingProcesses: 1, waitingCallers: 3 });
    await stage().pass(2_100);
    expect(await rival.inspect('stock')).toMatchObject({ waitingProcesses: 2, waitingCallers: 4 });
    await until('both have described themselves', 3_000, async () => (await locks.inspect('stock')).waitingCallers === 4);
    await lock.release();
    for (const next of [own, ...waiting].map(async (work) => (await work).release())) await stage().run(next);
    await until('nobody waits any more', 3_000, async () => (await locks.inspect('stock')).waitingProcesses === 0);
    expect((await locks.inspect('stock')).waitingCallers).toBe(0);
  });

  it('isLocked follows the lock', async () => {
    expect(await rival.isLocked('stock')).toBe(false);
    const lock = await locks.acquire('stock', { ttl: 200, renew: false });
    expect([await rival.isLocked('stock'), await locks.isLocked('stock')]).toEqual([true, true]);
    await stage().pass(210);
    expect([await rival.isLocked('stock'), await locks.isLocked('stock')]).toEqual([false, false]);
    expect(await lock.release()).toBe('lost');
  });

  it('list tells of every lock that matches, whoever holds it', async () => {
    expect(await listed()).toEqual([]);
    for (const key of ['order:1', 'order:2', 'stock:1', 'order*']) await locks.acquire(key, { label: key });
    await rival.acquire('order:3');
    await locks.withLock('order:4', () => undefined);
    expect((await listed()).map(({ key }) => key)).toEqual(['order*', 'order:1', 'order:2', 'order:3', 'stock:1']);
    expect((await listed('order:*')).map(({ key }) => key)).toEqual(['order:1', 'order:2', 'order:3']);
    expect((await listed('order\\*')).map(({ key }) => key)).toEqual(['order*']);
    expect((await listed('*:[12]')).map(({ key }) => key)).toEqual(['order:1', 'order:2', 'stock:1']);
    expect(await listed('nothing')).toEqual([]);
    for (const state of await listed()) expect(state).toMatchObject({ locked: true, kind: 'exclusive' });
  });

  it('list brings each of many locks once, and may be left early', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `key-${String(i)}`);
    await Promise.all(names.map((key) => locks.acquire(key)));
    expect((await listed()).map(({ key }) => key)).toEqual(names.sort());
    let seen = 0;
    for await (const state of rival.list()) {
      expect(state.locked).toBe(true);
      if (++seen === 3) break;
    }
    expect(seen).toBe(3);
  });

  it('what cannot be a key is refused', async () => {
    for (const key of ['', '~1:fence', 'a}b']) {
      await expect(locks.inspect(key)).rejects.toThrow(LockKeyError);
      await expect(locks.isLocked(key)).rejects.toThrow(LockKeyError);
      await expect(locks.forceRelease(key)).rejects.toThrow(LockKeyError);
    }
  });
});
