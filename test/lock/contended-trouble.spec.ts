import type { Fate } from './support/steered-store.js';
import { SteeredProcesses } from './support/steered-processes.js';

const REFUSED: Fate = { kind: 'refused' };

describe('a line whose store is in trouble', () => {
  let stage: SteeredProcesses;
  beforeEach(() => (stage = new SteeredProcesses()));
  afterEach(() => stage.stop());

  it('asks again after its pause although an old heartbeat is answered meanwhile', async () => {
    const here = await stage.start({ cohort: 1 });
    const there = await stage.start();
    const theirs = await stage.hold(there, { ttl: '30s' });
    const first = await stage.wait(here);
    const second = await stage.wait(here);
    here.store.fates = { heartbeat: { kind: 'slow', ms: 50 } };
    await stage.clock.advance(510);
    await stage.clock.run(theirs.release());
    const mine = await stage.clock.run(first.entering);
    const rival = await stage.wait(there);
    // At 510 neither the release nor another attempt gets through: the line has no place, and pauses. At 535 the lock is released, at 550
    // the heartbeat is answered, and at 560 it is time to ask again.
    here.store.fates = { release: REFUSED, grant: REFUSED };
    const releasing = mine.release();
    await stage.clock.advance(10);
    here.store.fates = {};
    expect(await stage.clock.run(releasing)).toBe('released');
    expect(stage.waiting).toEqual([]);
    await stage.clock.advance(50);
    expect(stage.waiting).toEqual([here.name]);
    await stage.clock.run((await stage.clock.run(rival.entering)).release());
    await stage.clock.settle();
    expect(second.lock?.isHeld).toBe(true);
  });

  it('sends no more during an outage than its heartbeats, and cancels no more than a few tokens after it', async () => {
    const here = await stage.start();
    const theirs = await stage.hold(await stage.start(), { ttl: '10m', renew: false });
    const waiting = await stage.wait(here, { wait: '30m' });
    here.store.steerAll(REFUSED);
    await stage.clock.advance('1m');
    const during = here.store.sent.length;
    await stage.clock.advance('10s');
    expect(new Set(here.store.namesSince(during))).toEqual(new Set(['heartbeat']));
    expect(here.store.sent.length - during).toBeLessThanOrEqual(21);

    here.store.fates = {};
    const after = here.store.sent.length;
    await stage.clock.run(theirs.release());
    await stage.clock.run(waiting.entering);
    await stage.clock.advance('2s');
    const cancelled = here.store.sent.slice(after).filter(({ name }) => name === 'cancel');
    expect(cancelled.length).toBeLessThan(10);
    expect(new Set(cancelled.map(({ token }) => token)).size).toBe(cancelled.length);
    expect(waiting.lock?.isHeld).toBe(true);
  });
});
