import { SteeredProcesses } from './support/steered-processes.js';
import type { Fate } from './support/steered-store.js';

/** The command takes effect, and its sender never hears of it: only the message tells who got the lock. */
const UNANSWERED: Fate = { kind: 'unanswered', ms: 1_000 };

describe('a lock that was entered by its message is not given back when the answer that would have told of it', () => {
  let stage: SteeredProcesses;
  beforeEach(() => (stage = new SteeredProcesses()));
  afterEach(() => stage.stop());

  it('to the release that queued for it stays out', async () => {
    const here = await stage.start({ cohort: 1 });
    const there = await stage.start();
    const first = await stage.hold(here, { ttl: '10s' });
    const theirs = await stage.wait(there, { ttl: '10s' });
    const next = await stage.wait(here, { ttl: '10s' });
    here.store.fates = { release: UNANSWERED };
    await first.release();
    await stage.clock.advance(5);
    here.store.fates = { release: UNANSWERED, confirm: UNANSWERED };
    await stage.clock.run((await stage.clock.run(theirs.entering)).release());
    await stage.clock.settle();
    expect(next.lock?.isHeld).toBe(true);

    const rival = await stage.wait(there, { ttl: '10s' });
    expect(await stage.overlapMs(990, next, rival)).toBe(0);
    here.store.fates = {};
    expect(await stage.overlapMs(500, next, rival)).toBe(0);
    expect(next.lock?.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
    expect(await stage.clock.run((await next.entering).release())).toBe('released');
    expect((await stage.clock.run(rival.entering)).isHeld).toBe(true);
  });

  it('to the heartbeat that queued anew for it stays out', async () => {
    const [here, holder, there] = [await stage.start(), await stage.start(), await stage.start()];
    await stage.hold(holder, { ttl: '30s' });
    const waiting = await stage.wait(here, { ttl: '30s' });
    stage.server.loseData();
    const theirs = await stage.hold(there, { ttl: '30s' });
    here.store.fates = { heartbeat: UNANSWERED, confirm: UNANSWERED };
    await stage.clock.advance(510);
    expect(stage.waiting).toEqual([here.name]);
    await stage.clock.run(theirs.release());
    await stage.clock.settle();
    expect(waiting.lock?.isHeld).toBe(true);

    const rival = await stage.wait(there, { ttl: '10s' });
    expect(await stage.overlapMs(980, waiting, rival)).toBe(0);
    here.store.fates = {};
    expect(await stage.overlapMs(500, waiting, rival)).toBe(0);
    expect(waiting.lock?.isHeld).toBe(true);
    expect(stage.owningProcess).toBe(here.name);
    expect(here.store.namesSince(0)).not.toContain('cancel');
  });
});
