import type { EngineSettings } from '../../../libs/redis-lock/src/lock/lock-request.js';
import type { Breakage } from './breakage.js';
import { Caller } from './caller.js';
import { Dice } from './dice.js';
import { habitsOf } from './habits.js';
import { keysOf } from './keys.js';
import { LineJudge } from './line-judge.js';
import { HEALTHY } from './link.js';
import { CALM, Mishaps, weather } from './mishaps.js';
import { ObservedServer } from './observed-server.js';
import { Participant } from './participant.js';
import { PromiseLedger } from './promise-ledger.js';
import { Referee } from './referee.js';
import type { Scene } from './scene.js';
import { SimulatedProcess } from './simulated-process.js';
import { World } from './world.js';

/** What happened in one history. */
export interface HistoryReport {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly events: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly latest: number;
  readonly story: string;
}

/** Clocks run apart by at most 1 % in all, which is what the leases allow for. */
const MOST_DRIFT = 0.0049;
const SETTLE_MS = 20_000;
/** A command that went unanswered, the longest pause before the next try, and a new connection. */
const GIVEN_BACK_MS = 2_000;
const QUIET_MS = 3_000;
/** No lease, place or tombstone lives longer. */
const LONGEST_MS = 11_000;
/** How long a message may take where nothing goes wrong. */
const PROMPT_MS = 5;

/** How a history is played. */
export interface HistoryOptions {
  /** Whether to write down all that happens. */
  readonly traced?: boolean;
  /** Breaks the protocol on purpose. */
  readonly breakage?: Breakage | undefined;
}

/** Plays one history: some processes and a server, all by the seed. */
export async function playHistory(seed: number, { traced = false, breakage }: HistoryOptions = {}): Promise<HistoryReport> {
  const dice = new Dice(seed);
  const commandTimeout = dice.pick(50, 200, 500);
  const settings: EngineSettings = {
    ttl: 300,
    maxTtl: 10_000,
    wait: 500,
    maxWaiters: 100,
    cohort: dice.pick(0, 1, 3, 32),
    commandTimeout,
    shutdownTimeout: dice.pick(100, 1_000),
  };
  const world: World = new World(() => {
    referee.look();
    lines.look();
  }, traced);
  // An attempt may lie on its way for commandTimeout; the rest is what clocks run apart in a history.
  const server = new ObservedServer(world, drifted(dice), dice.whole(0, 10) * 1_000, commandTimeout + 50);
  const mend = breakage?.(server);
  const keys = keysOf(dice);
  const participants = Array.from({ length: dice.whole(2, 4) }, (_, i) => {
    const fault = { rate: drifted(dice), monotonicAt0: dice.between(0, 1e6), wallAt0: 1.7e12 + dice.between(-1e7, 1e7) };
    const process = new SimulatedProcess(`p${String(i)}`, world, dice, fault);
    return new Participant({ world, dice, server, process, settings });
  });
  const referee = new Referee(
    world,
    server,
    participants,
    keys.map(({ name }) => name),
  );
  const conditions = weather(dice, commandTimeout);
  const isCalm = conditions === CALM;
  const habits = habitsOf(dice, isCalm);
  const ledger = new PromiseLedger();
  const lines = new LineJudge((what) => referee.fail(what));
  const scene: Scene = { world, dice, referee, ledger, lines, keys, outcomes: {}, habits, isCalm, latest: 0, isOver: false };
  if (isCalm) referee.mostForcedMs = PROMPT_MS;
  const healedAt = dice.between(800, 1_800);
  for (const { engine } of participants) await engine.open();
  new Mishaps(world, dice, conditions, healedAt, ledger).befall(participants, server);
  for (const participant of participants) {
    for (let callers = dice.pick(1, 2, 3, 6); callers > 0; callers--) {
      void new Caller(scene, participant).run().catch((error: unknown) => referee.fail(String(error)));
    }
  }

  await world.runUntil(healedAt);
  for (const { link } of participants) {
    link.fault = HEALTHY;
    link.downUntil = 0;
  }
  referee.expectHealed(2 * commandTimeout + 750);
  await world.runUntil(healedAt + 600);
  scene.isOver = true;
  await world.runUntil(world.time + SETTLE_MS, () => ledger.unsettled.length === 0);
  for (const name of ledger.unsettled) referee.fail(`never settled: ${name}`);
  await expectAllFree(participants, scene);
  if (isCalm) expectCalm(scene, server);
  await expectQuiet(participants, scene);
  await expectNothingLeft(server, scene);
  // Or what they leave in Node would make thousands of histories slower and slower.
  for (const { engine } of participants) await engine.close();
  mend?.();
  return {
    seed,
    faults: referee.faults,
    events: world.eventCount,
    outcomes: { ...scene.outcomes, ...counted(server), forcedBeliefs: referee.forcedBeliefs },
    latest: scene.latest,
    story: world.story,
  };
}

/** In the end everybody who is left can have every lock, to write and to read, and all permits at once. */
async function expectAllFree(participants: readonly Participant[], { world, keys, referee, habits }: Scene): Promise<void> {
  // What was used amiss is so until the leases end that a crash left behind.
  if (habits.mixing > 0) await world.runUntil(world.time + LONGEST_MS);
  const wait = 8_000;
  for (const { locks, name } of participants.filter(({ takesPart }) => takesPart)) {
    for (const { name: key, limit } of keys) {
      const outcome = { text: 'never settled' };
      const note = (text: string): void => void (outcome.text = text);
      const take = async (): Promise<void> => {
        if (limit === undefined) {
          await (await locks.acquire(key, { wait })).release();
          await (await locks.acquire(key, { wait, mode: 'read' })).release();
        } else {
          const permits = await Promise.all(Array.from({ length: limit }, () => locks.acquirePermit(key, { wait, limit })));
          await Promise.all(permits.map((permit) => permit.release()));
        }
      };
      take().then(
        () => note('done'),
        (error: unknown) => note(String(error)),
      );
      await world.runUntil(world.time + SETTLE_MS, () => outcome.text !== 'never settled');
      if (outcome.text !== 'done') referee.fail(`in the end ${name} cannot lock ${key}: ${outcome.text}`);
    }
  }
}

/** Nobody holds or waits any more: nothing is sent, whatever happened before. */
async function expectQuiet(participants: readonly Participant[], { world, referee }: Scene): Promise<void> {
  // What has to be given back is given back at the next try.
  await world.runUntil(world.time + GIVEN_BACK_MS);
  const before = participants.map(({ link }) => link.requests);
  await world.runUntil(world.time + QUIET_MS);
  for (const [i, { link, name, takesPart, engine }] of participants.entries()) {
    const sent = link.requests - (before[i] ?? 0);
    if (takesPart && engine.keeper.size === 0 && sent > 0)
      referee.fail(`${name} sent ${String(sent)} requests although nobody wants anything`);
  }
}

/** What anybody left behind has ended at its lease: no key stays for ever, and no queue. */
async function expectNothingLeft(server: ObservedServer, { world, referee }: Scene): Promise<void> {
  await world.runUntil(world.time + LONGEST_MS);
  for (const what of server.leftovers()) referee.fail(`${what} when all is over`);
}

/** Where nothing went wrong, nobody was told that something did; and nobody who is patient enough was turned away. */
function expectCalm({ outcomes, referee, habits }: Scene, server: ObservedServer): void {
  // A renewal may tell of a forced release before its message does.
  const unexpected = ['LOCK_STORE', 'lost: shutdown', ...(server.forced.size > 0 ? [] : ['lost: taken'])];
  if (habits.patientMs !== undefined) unexpected.push('LOCK_BUSY', 'lost', 'lost: expired');
  for (const outcome of unexpected) {
    if (outcomes[outcome] !== undefined) referee.fail(`${outcome} although nothing went wrong`);
  }
}

/** Apart from what callers tell. */
function counted({ counts }: ObservedServer): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, n]) => [`server: ${name}`, n]));
}

function drifted(dice: Dice): number {
  return 1 + dice.between(-MOST_DRIFT, MOST_DRIFT);
}
