import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatMap, defer, from, lastValueFrom, Subject, take, timer, toArray } from 'rxjs';
import type { LockService } from 'nestjs-redis-lock';
import { TestingLockServer } from 'nestjs-redis-lock/testing';

/** However the code comes to run, it is inside the section that set it going. */
describe('a section is known', () => {
  let server: TestingLockServer;
  let locks: LockService;
  let rival: LockService;

  beforeEach(async () => {
    server = new TestingLockServer();
    locks = await server.connect();
    rival = await server.connect();
  });
  afterEach(() => server.stop());

  const again = (): Promise<number> => locks.withLock('stock', { wait: 0 }, ({ fence }) => fence);

  it.each<[where: string, run: () => Promise<number[]>]>([
    ['in timers', async () => [await sleep(1).then(again), await new Promise<number>((resolve) => setTimeout(() => resolve(again()), 1))]],
    ['in immediates and microtasks', async () => [await new Promise<number>((done) => setImmediate(() => done(again()))), await again()]],
    ['in operators of an Observable that it subscribes to', () => lastValueFrom(from([1, 2]).pipe(concatMap(again), toArray()))],
    ['in an Observable that goes on by a timer', () => lastValueFrom(timer(1, 1).pipe(take(2), concatMap(again), toArray()))],
    ['in a deferred Observable', () => lastValueFrom(defer(again).pipe(toArray()))],
  ])('%s', async (_where, run) => {
    await locks.withLock('stock', async ({ fence }) => {
      const fences = await run();
      expect(new Set(fences)).toEqual(new Set([fence]));
    });
    expect(server.held()).toEqual([]);
  });

  it('by listeners of an EventEmitter and subscribers of a Subject that were there before', async () => {
    const [emitter, subject] = [new EventEmitter(), new Subject<void>()];
    const fences: Promise<number>[] = [];
    emitter.on('order', () => fences.push(again()));
    subject.subscribe(() => fences.push(again()));
    await locks.withLock('stock', async ({ fence }) => {
      emitter.emit('order');
      subject.next();
      expect(await Promise.all(fences)).toEqual([fence, fence]);
    });
    expect(server.held()).toEqual([]);
  });

  it('by none that is set going elsewhere: two requests never share one', async () => {
    const emitter = new EventEmitter();
    const asked: Promise<unknown>[] = [];
    emitter.on('order', () => asked.push(locks.tryAcquire('stock')));
    const inside = new EventEmitter();
    const section = locks.withLock('stock', async () => {
      inside.emit('entered');
      await once(inside, 'leave');
    });
    await once(inside, 'entered');
    emitter.emit('order');
    expect(await Promise.all(asked)).toEqual([null]);
    inside.emit('leave');
    await section;
  });

  it('no longer by a timer that outlives it: that acquires the lock anew, or finds it busy', async () => {
    let late: Promise<unknown> = Promise.resolve();
    const ended = new EventEmitter();
    await locks.withLock('stock', () => {
      late = once(ended, 'now').then(() => locks.tryAcquire('stock'));
    });
    const held = await rival.acquire('stock');
    ended.emit('now');
    expect(await late).toBeNull();
    await held.release();
  });
});
