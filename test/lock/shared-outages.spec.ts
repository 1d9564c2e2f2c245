import { LockStoreError } from 'nestjs-redis-lock';
import type { SteeredProcesses, Caller, SteeredProcess } from './support/steered-processes.js';
import { eachOnTwoSteered } from './support/two-steered.js';
import type { Fate } from './support/steered-store.js';

const READ = { mode: 'read', ttl: '30s' } as const;
const OUTAGE_MS = 1_500;

const OUTAGES: [string, Fate][] = [
  ['refuses every command', { kind: 'refused' }],
  ['does every command, and answers none', { kind: 'unanswered', ms: 100 }],
];

describe.each(OUTAGES)('while the store %s, readers', (_what, fate) => {
  let stage: SteeredProcesses;
  let here: SteeredProcess;
  let there: SteeredProcess;

  eachOnTwoSteered((two) => ({ stage, here, there } = two));

  /** When each caller's wait came to its end, and how. */
  async function endOf({ entering }: Caller): Promise<{ error: unknown; at: number }> {
    const error: unknown = await entering.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { error, at: stage.clock.now().monotonic };
  }

  async function expectServedAfterOutage(begin: number, callers: readonly Caller[]): Promise<void> {
    const [soon, later, patient, other] = callers;
    if (soon === undefined || later === undefined || patient === undefined || other === undefined) throw new Error('Four are expected.');
    const ends = [endOf(soon), endOf(later)];
    await stage.clock.advance(OUTAGE_MS);
    expect([patient.lock, other.lock]).toEqual([undefined, undefined]);
    const [first, second] = await Promise.all(ends);
    expect([first?.error, second?.error]).toEqual([expect.any(LockStoreError), expect.any(LockStoreError)]);
    expect([first?.at, second?.at]).toEqual([begin + 300, begin + 600]);
    here.store.fates = {};
    await stage.clock.advance('1s');
    expect([patient.lock?.isHeld, other.lock?.isHeld, stage.sharing.length]).toEqual([true, true, 2]);
    await stage.clock.advance('1m');
    expect([patient.lock?.isHeld, other.lock?.isHeld, stage.sharing.length]).toEqual([true, true, 2]);
    for (const { entering } of [patient, other]) expect(await stage.clock.run((await entering).release())).toBe('released');
    expect([stage.owner, stage.sharing]).toEqual([undefined, []]);
  }

  async function four(): Promise<Caller[]> {
    const callers: Caller[] = [];
    for (const wait of [300, 600, 20_000, 20_000]) callers.push(await stage.wait(here, { ...READ, wait }));
    return callers;
  }

  it('who ask are told at the end of their wait; who still wait then get it when the store is back', async () => {
    here.store.steerAll(fate);
    await expectServedAfterOutage(stage.clock.now().monotonic, await four());
  });

  it('who stand in line are told at the end of their wait; who still wait then get it when the store is back', async () => {
    const writer = await stage.hold(there, { ttl: '30s' });
    const began = stage.clock.now().monotonic;
    const callers = await four();
    here.store.steerAll(fate);
    // It is handed over meanwhile, and nobody hears of that.
    here.store.keepMessages();
    await stage.clock.run(writer.release());
    await expectServedAfterOutage(began, callers);
  });
});
