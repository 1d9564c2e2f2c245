import { LockBusyError } from '../../../libs/redis-lock/src/errors/lock-busy.error.js';
import { LockLostError } from '../../../libs/redis-lock/src/errors/lock-lost.error.js';
import { LockOptionsError } from '../../../libs/redis-lock/src/errors/lock-options.error.js';
import { LockStoreError } from '../../../libs/redis-lock/src/errors/lock-store.error.js';
import type { Participant } from './participant.js';
import type { Scene } from './scene.js';
import { nameOf, type Wish } from './wish.js';

/** The reason of a caller's own signal. */
export class ChangedMyMind extends Error {}

/** With a shorter lease than this, a share that was handed over may have to be confirmed before its caller enters: others overtake it meanwhile. */
const SURE_TTL_MS = 1_000;
const LATE_MS = 250;

/** Sees how what a caller asked for ends: in time, in turn, and with nothing but what the library promises. */
export class Witness {
  constructor(
    private readonly scene: Scene,
    private readonly participant: Participant,
  ) {}

  /** An acquisition settles within max(wait, commandTimeout), while its process runs; several keys take some commands more. */
  async expectInTime<T>(wish: Wish, acquire: () => Promise<T>): Promise<T> {
    const { scene, participant } = this;
    const { process } = participant;
    const { stalls } = process;
    const from = scene.world.time;
    const settled = this.isInLine(wish) ? scene.lines.join(participant.name, `${nameOf(wish)} ${wish.kind}`) : undefined;
    try {
      const entered = await acquire();
      settled?.('entered');
      return entered;
    } finally {
      settled?.('left');
      if (process.stalls === stalls && !process.isStalled) {
        const late = scene.world.time - from - this.promisedMs(wish) / process.rate;
        scene.latest = Math.max(scene.latest, late);
        if (late > LATE_MS) scene.referee.fail(`${participant.name} ${nameOf(wish)} settled ${late.toFixed(0)} ms late`);
      }
    }
  }

  /** Counts how it ended; an error that the library does not promise is a fault. */
  expectKnown(name: string, work: Promise<unknown>, mayBeRefused = false): Promise<void> {
    const { scene, participant } = this;
    const known = work.then(
      () => this.count('done'),
      (error: unknown) => {
        if (error instanceof LockBusyError || error instanceof LockStoreError) this.count(error.code);
        else if (error instanceof LockLostError) this.count(`lost: ${error.reason}`);
        else if (error instanceof ChangedMyMind) this.count('aborted');
        else if (error instanceof LockOptionsError && mayBeRefused) this.count(error.code);
        else scene.referee.fail(`${participant.name} ${name} rejected with ${String(error instanceof Error ? error.stack : error)}`);
      },
    );
    return scene.ledger.note(participant.process, name, known);
  }

  count(outcome: string): void {
    this.scene.world.note(() => `${this.participant.name}: ${outcome}`);
    this.scene.outcomes[outcome] = (this.scene.outcomes[outcome] ?? 0) + 1;
  }

  /** Whether it stands in line with others of its process, and is not to be overtaken by them. */
  private isInLine({ key, kind, options: { wait, holdAtLeast, ttl } }: Wish): boolean {
    if (typeof key !== 'string' || typeof wait !== 'number' || wait === 0) return false;
    return kind === 'write' || (this.scene.isCalm && holdAtLeast === undefined && Number(ttl) > SURE_TTL_MS);
  }

  private promisedMs({ key, options: { wait } }: Wish): number {
    const { commandTimeout } = this.participant.engine.settings;
    // One command for all, one attempt for each when the time is over, and one that makes all leases whole.
    const commands = typeof key === 'string' ? 1 : new Set(key).size + 2;
    // A poller takes its attempts and its delays, 30 + 60 + 90.
    if (typeof wait !== 'number') return 4 * commands * commandTimeout + 180;
    return Math.max(wait, commandTimeout) + (commands - 1) * commandTimeout;
  }
}
