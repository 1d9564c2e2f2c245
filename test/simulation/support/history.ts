import type { EngineSettings } from '../../../libs/redis-lock/src/lock/lock-request.js';
import type { Breakage } from './breakages.js';
import { Caller, type Habits, type Scene } from './caller.js';
import { Dice } from './dice.js';
import { LineJudge } from './line-judge.js';
import { HEALTHY } from './link.js';
import { CALM, Mishaps, weather } from './mishaps.js';
import { ObservedServer } from './observed-server.js';
import { Participant } from './participant.js';
import { PromiseLedger } from './promise-ledger.js';
import { Referee } from './referee.js';
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
  const world: World = new World(() => referee.look(), traced);
  // An attempt may lie on its way for commandTimeout; the rest is what clocks run apart in a history.
  const server = new ObservedServer(world, drifted(dice), dice.whole(0, 10) * 1_000, commandTimeout + 50);
  const mend = breakage?.(server);
  const keys = ['a', 'b', 'c'].slice(0, dice.whole(1, 3));
  const participants = Array.from({ length: dice.whole(2, 4) }, (_, i) => {
    const fault = { rate: drifted(dice), monotonicAt0: dice.between(0, 1e6), wallAt0: 1.7e12 + dice.between(-1e7, 1e7) };
    const process = new SimulatedProcess(`p${String(i)}`, world, dice, fault);
    return new Participant({ world, dice, server, process, settings });
  });
  const referee = new Referee(world, server, participants, keys);
  const habits = habitsOf(dice);
  const ledger = new PromiseLedger();
  const lines = new LineJudge((what) => referee.fail(what));
  const scene: Scene = { world, dice, referee, ledger, lines, keys, outcomes: {}, habits, latest: 0, isOver: false };

  const conditions = weather(dice, commandTimeout);
  if (conditions === CALM) referee.mostForcedMs = PROMPT_MS;
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
  if (conditions === CALM) expectCalm(scene, server);
  await expectQuiet(participants, scene);
  // Or what they leave in Node would make thousands of histories slower and slower.
  for (const { engine } of participants) await engine.close();
  mend?.();
  return {
    seed,
    faults: referee.faults,
    events: world.eventCount,
    outcomes: { ...scene.outcomes, ...server.counts, forcedBeliefs: referee.forcedBeliefs },
    latest: scene.latest,
    story: world.story,
  };
}

/** Some histories are about callers that set their leases anew over and over, whatever comes of it. */
function habitsOf(dice: Dice): Habits {
  if (dice.chance(0.2)) return { extensions: 0.9, patience: 1, ttls: [200, 1_000, 4_000], workMs: 40, steps: 30 };
  return {
    extensions: dice.pick(0, 0.2, 0.7),
    patience: 0.7,
    ttls: [40, 60, 120, 300, 900, 4_000],
    workMs: dice.pick(10, 60, 200),
    steps: dice.pick(2, 4, 8),
  };
}

/** In the end everybody who is left can have every lock. */
async function expectAllFree(participants: readonly Participant[], { world, keys, referee }: Scene): Promise<void> {
  for (const { locks, name } of participants.filter(({ takesPart }) => takesPart)) {
    for (const key of keys) {
      const outcome = { text: 'never settled' };
      const note = (text: string): void => void (outcome.text = text);
      locks
        .acquire(key, { wait: 8_000 })
        .then((lock) => lock.release())
        .then(
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

/** Where nothing went wrong, nobody was told that something did. */
function expectCalm({ outcomes, referee }: Scene, server: ObservedServer): void {
  // A renewal may tell of a forced release before its message does.
  const unexpected = ['LOCK_STORE', 'lost: shutdown', ...(server.forced.size > 0 ? [] : ['lost: taken'])];
  for (const outcome of unexpected) {
    if (outcomes[outcome] !== undefined) referee.fail(`${outcome} although nothing went wrong`);
  }
}

function drifted(dice: Dice): number {
  return 1 + dice.between(-MOST_DRIFT, MOST_DRIFT);
}
