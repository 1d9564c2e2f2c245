import { LockBusyError } from 'nestjs-redis-lock';
import type { SteeredProcesses, Caller, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

const READ = { mode: 'read', ttl: '30s' } as const;
const MANY = 50;

describe('the readers of one process', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  async function readers(count: number): Promise<Caller[]> {
    const callers: Caller[] = [];
    for (let i = 0; i < count; i++) callers.push(await stage.wait(here, READ));
    return callers;
  }

  function expectAllInside(callers: readonly Caller[]): void {
    expect(callers.filter(({ lock }) => lock?.isHeld === true)).toHaveLength(callers.length);
    expect(new Set(callers.map(({ lock }) => lock?.fence)).size).toBe(callers.length);
    expect(stage.sharing).toHaveLength(callers.length);
  }

  it('need two commands where many come while the first one asks', async () => {
    here.store.fates = { grant: { kind: 'slow', ms: 20 } };
    const callers = await readers(1 + MANY);
    expect(here.store.namesSince(0)).toEqual(['grant']);
    await stage.clock.advance(20);
    expect(callers.filter(({ lock }) => lock !== undefined)).toHaveLength(1);
    await stage.clock.advance(20);
    expectAllInside(callers);
    expect(here.store.namesSince(0)).toEqual(['grant', 'grant']);
  });

  it('are told of by one heartbeat where many come while they stand in line, and all begin at once', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const callers = await readers(2);
    await stage.clock.advance(100);
    const before = here.store.sent.length;
    callers.push(...(await readers(MANY)));
    await stage.clock.advance(100);
    expect(here.store.namesSince(before)).toEqual(['heartbeat']);
    expect(callers.filter(({ lock }) => lock !== undefined)).toEqual([]);
    await stage.clock.run(writer.release());
    await stage.clock.settle();
    expectAllInside(callers);
    // Their whole leases, all in one command.
    expect(here.store.namesSince(before)).toEqual(['heartbeat', 'renew']);
  });

  it('one of whom gives up after the grant and before its message leave no share for it', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const leaving = new AbortController();
    const first = await stage.wait(here, READ);
    const leaver = await stage.wait(here, { ...READ, signal: leaving.signal });
    const last = await stage.wait(here, READ);
    await stage.clock.advance(100);
    here.store.keepMessages();
    await stage.clock.run(writer.release());
    expect(stage.sharing).toHaveLength(3);
    leaving.abort(new Error('left'));
    await expect(leaver.entering).rejects.toThrow('left');
    here.store.deliverMessages();
    await stage.clock.settle();
    expectAllInside([first, last]);
    for (const { entering } of [first, last]) await stage.clock.run((await entering).release());
    expect([stage.owner, stage.sharing]).toEqual([undefined, []]);
  });

  it('all of whom give up after the grant leave nothing, when its message comes as well', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const leaving = new AbortController();
    const callers = [
      await stage.wait(here, { ...READ, signal: leaving.signal }),
      await stage.wait(here, { ...READ, signal: leaving.signal }),
    ];
    await stage.clock.advance(100);
    here.store.keepMessages();
    await stage.clock.run(writer.release());
    const rival = await stage.wait(there, { ttl: '30s' });
    leaving.abort(new Error('left'));
    for (const { entering } of callers) await expect(entering).rejects.toThrow('left');
    await stage.clock.settle();
    expect([stage.sharing, rival.lock?.isHeld]).toEqual([[], true]);
    here.store.deliverMessages();
    await stage.clock.settle();
    expect([stage.owningProcess, rival.lock?.isHeld]).toEqual([there.name, true]);
  });

  it('who all give up while a command asks for them leave nothing', async () => {
    here.store.fates = { grant: { kind: 'slow', ms: 20 } };
    const leaving = new AbortController();
    const first = await stage.wait(here, READ);
    const leavers = [
      await stage.wait(here, { ...READ, signal: leaving.signal }),
      await stage.wait(here, { ...READ, signal: leaving.signal }),
    ];
    await stage.clock.advance(20);
    expect([first.lock?.isHeld, stage.sharing.length]).toEqual([true, 3]);
    leaving.abort(new Error('left'));
    for (const { entering } of leavers) await expect(entering).rejects.toThrow('left');
    await stage.clock.advance(20);
    expectAllInside([first]);
    await stage.clock.run((await first.entering).release());
    expect(await there.locks.tryAcquire('stock')).not.toBeNull();
  });

  it('are turned away at once where as many as maxWaiters wait already', async () => {
    const few = await stage.start({ maxWaiters: 3 });
    const writer = await stage.hold(there, { ttl: '30s' });
    const leaving = new AbortController();
    const callers = [await stage.wait(few, READ), await stage.wait(few, READ)];
    const leaver = await stage.wait(few, { ...READ, signal: leaving.signal });
    await expect(few.locks.acquire('stock', READ)).rejects.toThrow(LockBusyError);
    await expect(few.locks.acquire('stock', READ)).rejects.toThrow(/maxWaiters/);
    leaving.abort(new Error('left'));
    await expect(leaver.entering).rejects.toThrow('left');
    callers.push(await stage.wait(few, READ));
    await expect(few.locks.acquire('stock', READ)).rejects.toThrow(LockBusyError);
    await stage.clock.advance(100);
    await stage.clock.run(writer.release());
    await stage.clock.settle();
    expectAllInside(callers);
  });
});
