import { LockBusyError } from '../../../libs/redis-lock/src/errors/lock-busy.error.js';
import { LockLostError } from '../../../libs/redis-lock/src/errors/lock-lost.error.js';
import { LockStoreError } from '../../../libs/redis-lock/src/errors/lock-store.error.js';
import type { LockHandle } from '../../../libs/redis-lock/src/lock/lock-handle.js';
import type { LockOptions } from '../../../libs/redis-lock/src/lock/lock-options.js';
import type { Lock } from '../../../libs/redis-lock/src/lock/lock.js';
import type { Dice } from './dice.js';
import type { LineJudge } from './line-judge.js';
import type { Participant } from './participant.js';
import type { PromiseLedger } from './promise-ledger.js';
import type { Referee } from './referee.js';
import type { World } from './world.js';

/** What callers of one history are like. */
export interface Habits {
  /** How often a holder sets its lease anew, and how often it goes on where that fails. */
  readonly extensions: number;
  readonly patience: number;
  /** The leases that callers ask for, in ms. */
  readonly ttls: readonly [number, ...number[]];
  /** How long a holder works at a time, in ms, and how many times. */
  readonly workMs: number;
  readonly steps: number;
}

/** What callers share. */
export interface Scene {
  readonly world: World;
  readonly dice: Dice;
  readonly referee: Referee;
  readonly ledger: PromiseLedger;
  readonly lines: LineJudge;
  readonly keys: readonly string[];
  readonly outcomes: Record<string, number>;
  readonly habits: Habits;
  /** How much later than its promise an acquisition settled, at worst, in ms. */
  latest: number;
  isOver: boolean;
}

/** Clocks of two machines run apart meanwhile. */
const KEPT_TOLERANCE_MS = 5;

class ChangedMyMind extends Error {}

/** Somebody in one process who uses locks in every way there is, by chance. */
export class Caller {
  constructor(
    private readonly scene: Scene,
    private readonly participant: Participant,
  ) {}

  async run(): Promise<void> {
    const { scene, participant } = this;
    while (this.goesOn()) {
      await participant.process.sleep(scene.dice.between(0, 60));
      if (this.goesOn()) await this.once();
    }
  }

  private goesOn(): boolean {
    return !this.scene.isOver && this.participant.takesPart;
  }

  private async once(): Promise<void> {
    const { scene, participant } = this;
    const { dice, keys } = scene;
    const key = keys[dice.whole(0, keys.length - 1)] ?? '';
    const what = dice.roll();
    if (what < 0.5) await this.expectKnown(`withLock ${key}`, this.withLock(key, this.options()));
    else if (what < 0.9) await this.expectKnown(`acquire ${key}`, this.bare(key, this.options()));
    else if (what < 0.96) await this.expectKnown(`isLocked ${key}`, participant.locks.isLocked(key));
    else await this.expectKnown(`forceRelease ${key}`, participant.locks.forceRelease(key));
  }

  private async withLock(key: string, options: LockOptions): Promise<void> {
    const { locks } = this.participant;
    let entered = (): void => undefined;
    const entry = new Promise<void>((resolve) => (entered = resolve));
    let work: Promise<void> | undefined;
    await this.expectInTime(key, options, () => {
      work = locks.withLock(key, options, async (lock) => {
        entered();
        this.enter(lock);
        try {
          await this.section(key, lock, options);
        } finally {
          this.participant.handles.delete(lock);
        }
      });
      // It has entered, or it never will.
      return Promise.race([entry, work]);
    });
    await work;
  }

  private async bare(key: string, options: LockOptions): Promise<void> {
    const { locks, handles } = this.participant;
    const lock = await this.expectInTime(key, options, () => locks.acquire(key, options));
    this.enter(lock);
    try {
      await this.use(lock);
    } finally {
      handles.delete(lock);
      const { hold } = (lock as LockHandle).share; // handles of this library
      const { process } = this.participant;
      const keptUntil = this.scene.world.time + hold.keepMs(process.now()) / process.rate - KEPT_TOLERANCE_MS;
      const outcome = await lock.release();
      this.count(outcome);
      if (outcome === 'released') this.scene.referee.keep(hold, keptUntil);
    }
  }

  private enter(lock: Lock): void {
    const { referee } = this.scene;
    // Handles of this library; their share is what they stand on.
    const { hold } = (lock as LockHandle).share;
    this.participant.handles.add(lock);
    if (hold.request.holdAtLeast > 0) referee.kept.add(hold.token);
    referee.entered(this.participant, hold);
    this.count('entered');
  }

  private async section(key: string, lock: Lock, options: LockOptions): Promise<void> {
    const { dice, referee } = this.scene;
    const { participant } = this;
    await this.use(lock);
    if (!dice.chance(0.2)) return;
    const inside = { count: 0 };
    const nested = (): Promise<void> =>
      participant.locks.withLock(key, { wait: options.wait === 0 ? 50 : 1_000 }, async (inner) => {
        if (++inside.count > 1) referee.fail(`${participant.name}: siblings run side by side inside ${key}`);
        participant.handles.add(inner);
        try {
          await this.use(inner);
        } finally {
          participant.handles.delete(inner);
          inside.count--;
        }
      });
    await Promise.all(Array.from({ length: dice.whole(1, 3) }, nested));
  }

  private async use(lock: Lock): Promise<void> {
    const { dice, habits } = this.scene;
    for (let step = dice.whole(1, habits.steps); step > 0; step--) {
      await this.participant.process.sleep(dice.chance(0.1) ? dice.between(0, 700) : dice.between(0, habits.workMs));
      if (dice.chance(0.3)) lock.assertHeld();
      if (dice.chance(0.1)) lock.signal.addEventListener('abort', () => this.count('told'));
      if (!dice.chance(habits.extensions)) continue;
      const extended = lock.extend(dice.pick<number | undefined>(undefined, ...habits.ttls));
      // Some do not even wait for it.
      if (!dice.chance(habits.patience)) await extended;
      else if (dice.chance(0.5)) await this.expectKnown('extend', extended);
      else void this.expectKnown('extend', extended);
    }
  }

  private options(): LockOptions {
    const { dice, habits } = this.scene;
    const options: LockOptions = {
      ttl: dice.pick(...habits.ttls),
      wait: dice.pick<NonNullable<LockOptions['wait']>>(0, 40, 200, 200, 1_000, 1_000, { retries: 3, delay: 30, backoff: 'linear' }),
      renew: dice.chance(0.75),
    };
    if (dice.chance(0.1)) options.holdAtLeast = dice.whole(20, 200);
    if (dice.chance(0.1)) options.maxHold = (Number(options.holdAtLeast ?? 0) || 20) + dice.whole(0, 300);
    if (dice.chance(0.15)) {
      const gaveUp = new AbortController();
      options.signal = gaveUp.signal;
      this.participant.process.after(dice.between(0, 200), () => gaveUp.abort(new ChangedMyMind()));
    }
    return options;
  }

  /** An acquisition settles within max(wait, commandTimeout), while its process runs. */
  private async expectInTime<T>(key: string, { wait }: LockOptions, acquire: () => Promise<T>): Promise<T> {
    const { scene, participant } = this;
    const { process, engine } = participant;
    const { stalls } = process;
    const from = scene.world.time;
    const isInLine = typeof wait === 'number' && wait > 0;
    const settled = isInLine ? scene.lines.join(participant.name, key) : undefined;
    try {
      const entered = await acquire();
      settled?.('entered');
      return entered;
    } finally {
      settled?.('left');
      // A poller takes its attempts and its delays, 30 + 60 + 90.
      const promised = typeof wait === 'number' ? Math.max(wait, engine.settings.commandTimeout) : 4 * engine.settings.commandTimeout + 180;
      if (process.stalls === stalls && !process.isStalled) {
        const late = scene.world.time - from - promised / process.rate;
        scene.latest = Math.max(scene.latest, late);
        if (late > 250) scene.referee.fail(`${participant.name} acquire ${key} settled ${late.toFixed(0)} ms late`);
      }
    }
  }

  /** Counts how it ended; an error that the library does not promise is a fault. */
  private expectKnown(name: string, work: Promise<unknown>): Promise<void> {
    const { scene, participant } = this;
    const known = work.then(
      () => this.count('done'),
      (error: unknown) => {
        if (error instanceof LockBusyError || error instanceof LockStoreError) this.count(error.code);
        else if (error instanceof LockLostError) this.count(`lost: ${error.reason}`);
        else if (error instanceof ChangedMyMind) this.count('aborted');
        else scene.referee.fail(`${participant.name} ${name} rejected with ${String(error instanceof Error ? error.stack : error)}`);
      },
    );
    return scene.ledger.note(participant.process, name, known);
  }

  private count(outcome: string): void {
    this.scene.world.note(() => `${this.participant.name}: ${outcome}`);
    this.scene.outcomes[outcome] = (this.scene.outcomes[outcome] ?? 0) + 1;
  }
}
