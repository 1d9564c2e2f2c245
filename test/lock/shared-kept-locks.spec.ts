import type { SteeredProcesses, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';

const READ = { mode: 'read', ttl: '30s' } as const;
const KEPT = { ...READ, holdAtLeast: '10s' } as const;

describe('a share that was granted along with others stays for its holdAtLeast although', () => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  /** Two are granted to one token, and released at once; the second one's has to stay. */
  async function releaseBoth(handOver: () => Promise<unknown>): Promise<void> {
    const readers = [await stage.wait(here, READ), await stage.wait(here, KEPT)];
    await stage.clock.advance(100);
    await handOver();
    for (const { entering } of readers) expect(await stage.clock.run((await stage.clock.run(entering)).release())).toBe('released');
    expect(stage.sharing).toEqual([expect.stringMatching(/\/1$/)]);
  }

  async function expectKept(ms: number): Promise<void> {
    await stage.clock.settle();
    expect(stage.sharing).toEqual([expect.stringMatching(/\/1$/)]);
    await stage.clock.advance(ms);
    expect(await there.locks.tryAcquire('stock')).toBeNull();
    await stage.clock.advance(100);
    expect(await there.locks.tryAcquire('stock')).not.toBeNull();
    expect(here.store.namesSince(0)).not.toContain('cancel');
  }

  it('a message that names its grant comes a second time', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    await releaseBoth(() => stage.clock.run(theirs.release()));
    here.store.repeatMessages();
    await expectKept(9_950);
  });

  it('a message that names its grant comes late', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    here.store.keepMessages();
    await releaseBoth(() => stage.clock.run(theirs.release()));
    here.store.deliverMessages();
    await expectKept(9_950);
  });

  it('a message that names its grant comes when others of its process wait', async () => {
    const theirs = await stage.hold(there, { ttl: '30s' });
    await releaseBoth(() => stage.clock.run(theirs.release()));
    const writer = await stage.wait(there, { ttl: '30s' });
    const next = await stage.wait(here, READ);
    here.store.repeatMessages();
    await stage.clock.settle();
    expect([stage.sharing.length, writer.lock, next.lock]).toEqual([1, undefined, undefined]);
    await stage.clock.advance(9_950);
    expect([stage.sharing.length, writer.lock, next.lock]).toEqual([1, undefined, undefined]);
    await stage.clock.advance(600);
    expect(writer.lock?.isHeld).toBe(true);
    await stage.clock.run((await writer.entering).release());
    expect((await stage.clock.run(next.entering)).isHeld).toBe(true);
  });
});
