import { LockBusyError, LockOptionsError, type LockService, type PermitOptions } from 'nestjs-redis-lock';
import { describeOnBothStores } from './support/lock-stage.js';

const OPTIONS: PermitOptions = { limit: 3, ttl: '10s', wait: '10s' };

describeOnBothStores('permits', (stage) => {
  let here: LockService;
  let there: LockService;

  beforeEach(async () => {
    here = await stage().connect();
    there = await stage().connect();
  });

  it('are as many as the limit says, over all processes, and have rising fences', async () => {
    const permits = [
      await here.acquirePermit('export', OPTIONS),
      await there.acquirePermit('export', OPTIONS),
      await here.acquirePermit('export', OPTIONS),
    ];
    expect(await there.tryAcquirePermit('export', OPTIONS)).toBeNull();
    await expect(stage().run(here.acquirePermit('export', { ...OPTIONS, wait: 100 }))).rejects.toThrow(LockBusyError);
    await permits[1]?.release();
    const next = await stage().run(here.acquirePermit('export', OPTIONS));
    expect(next.fence).toBeGreaterThan(Math.max(...permits.map(({ fence }) => fence)));
    await Promise.all([permits[0]?.release(), permits[2]?.release(), next.release()]);
    expect((await here.inspect('export')).locked).toBe(false);
  });

  it('are never more, however many want one, and everybody gets one', async () => {
    const seen = { inside: 0, most: 0, done: 0 };
    const work = Array.from({ length: 40 }, (_, i) =>
      (i % 2 === 0 ? here : there).withPermit('export', OPTIONS, async () => {
        seen.most = Math.max(seen.most, ++seen.inside);
        await stage().pass(2);
        seen.inside--;
        seen.done++;
      }),
    );
    await stage().run(Promise.all(work));
    expect(seen).toEqual({ inside: 0, most: 3, done: 40 });
    expect((await here.inspect('export')).locked).toBe(false);
  });

  it('go to the processes in line, one after the other', async () => {
    const held = await Promise.all(Array.from({ length: 3 }, () => here.acquirePermit('export', OPTIONS)));
    const order: string[] = [];
    const waiting = [];
    for (const [name, locks] of [['there', there] as const, ['here', here] as const]) {
      waiting.push(locks.acquirePermit('export', OPTIONS).then((permit) => (order.push(name), permit)));
      await stage().untilWaiting(name === 'there' ? here : there, 'export');
    }
    expect(await here.tryAcquirePermit('export', OPTIONS)).toBeNull();
    await held[0]?.release();
    await stage().run(Promise.race(waiting));
    expect(order).toEqual(['there']);
    await held[1]?.release();
    await stage().run(Promise.all(waiting));
    expect(order).toEqual(['there', 'here']);
  });

  it('end by themselves where their holder does not renew them, and are had at once by whoever waits', async () => {
    await here.acquirePermit('export', { limit: 1, ttl: 300, renew: false });
    const renewed = await there.acquirePermit('other', { limit: 1, ttl: 300 });
    const next = await stage().run(there.acquirePermit('export', { limit: 1, ttl: '10s', wait: '5s' }));
    expect([next.isHeld, renewed.isHeld]).toEqual([true, true]);
  });

  it('are refused while the key is used with another limit, or as a lock, until it is idle', async () => {
    const permit = await here.acquirePermit('export', OPTIONS);
    const wrong = [
      there.acquirePermit('export', { ...OPTIONS, limit: 4 }),
      there.tryAcquirePermit('export', { ...OPTIONS, limit: 2 }),
      there.acquire('export'),
      there.acquire('export', { mode: 'read' }),
      there.tryAcquire('export'),
    ];
    for (const refused of wrong) await expect(refused).rejects.toThrow(LockOptionsError);
    await expect(wrong[0]).rejects.toThrow(/limit 3 until it is idle/);
    await permit.release();
    const lock = await there.acquire('export');
    await expect(here.acquirePermit('export', OPTIONS)).rejects.toThrow(LockOptionsError);
    await lock.release();
    const reader = await there.acquire('export', { mode: 'read' });
    await expect(here.acquirePermit('export', OPTIONS)).rejects.toThrow(LockOptionsError);
    await reader.release();
    await (await here.acquirePermit('export', { ...OPTIONS, limit: 4 })).release();
  });

  it('are entered again inside a section that has one, and as nothing else', async () => {
    await here.withPermit('export', { ...OPTIONS, limit: 1 }, async (outer) => {
      expect(await here.withPermit('export', { ...OPTIONS, limit: 1 }, ({ fence }) => fence)).toBe(outer.fence);
      await expect(here.withPermit('export', { ...OPTIONS, limit: 2 }, () => 0)).rejects.toThrow(LockOptionsError);
      await expect(here.withLock('export', () => 0)).rejects.toThrow(LockOptionsError);
      await expect(outer.downgrade()).rejects.toThrow(LockOptionsError);
    });
    expect((await there.inspect('export')).locked).toBe(false);
  });

  it('are shown as what they are', async () => {
    const permits = [await here.acquirePermit('export', OPTIONS), await there.acquirePermit('export', { ...OPTIONS, label: 'nightly' })];
    const state = await there.inspect('export');
    expect(state).toMatchObject({ locked: true, kind: 'semaphore', limit: 3, waitingProcesses: 0 });
    expect(state.holders).toHaveLength(2);
    expect(state.holders.map(({ label }) => label)).toContain('nightly');
    for (const { ttlMs } of state.holders) expect(ttlMs).toBeGreaterThan(5_000);
    const listed = [];
    for await (const { key, kind } of here.list('exp*')) listed.push([key, kind]);
    expect(listed).toEqual([['export', 'semaphore']]);
    await Promise.all(permits.map((permit) => permit.release()));
    expect(await here.inspect('export')).toMatchObject({ locked: false, kind: 'free', limit: undefined, holders: [] });
  });

  it.each([
    ['no limit', {}],
    ['a limit of 0', { limit: 0 }],
    ['half a permit', { limit: 1.5 }],
    ['a text', { limit: '3' }],
    ['too many', { limit: 1_000_001 }],
    ['a mode', { limit: 3, mode: 'read' }],
    ['nothing at all', null],
  ])('are not asked for with %s', async (_what, options) => {
    // What an untyped caller may pass.
    const given = options as unknown as PermitOptions;
    await expect(here.acquirePermit('export', given)).rejects.toThrow(LockOptionsError);
    await expect(here.tryAcquirePermit('export', given)).rejects.toThrow(LockOptionsError);
    await expect(here.withPermit('export', given, () => 0)).rejects.toThrow(LockOptionsError);
  });
});
