import type { Entry, MemoryLine } from '../../../libs/redis-lock/src/store/memory/memory-line.js';
import type { World } from './world.js';

/** The server's clock may run that much faster. */
const MOST_DRIFT = 0.99;

/** Whoever waits in line and is heard of is not passed by those who came later, but for once: a message to it may have found nobody. */
export class QueueJudge {
  /** Processes that ended, and since when the server could know: nothing is to be handed over to them. */
  readonly dead = new Map<string, number>();
  /** By token, in true time: when it was last heard of, and when it was first passed. */
  private readonly heardAt = new Map<string, number>();
  private readonly passedAt = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly faults: string[],
  ) {}

  /** @param liveMs how long its process counts as alive after that: one that was silent for longer begins anew */
  heard(token: string, liveMs: number): void {
    const silentMs = this.world.time - (this.heardAt.get(token) ?? -Infinity);
    if (silentMs > MOST_DRIFT * liveMs) this.passedAt.delete(token);
    this.heardAt.set(token, this.world.time);
  }

  handedOver(key: string, winner: Entry, line: MemoryLine): void {
    const { time } = this.world;
    const knownToHear = line.markOf(winner.process) === 'subscribed';
    const diedAt = this.dead.get(winner.process) ?? Infinity;
    // What it had sent before may still come.
    if (knownToHear && diedAt < time && (this.heardAt.get(winner.token) ?? 0) < diedAt)
      this.faults.push(`${key}: handed over to a process that was known to be gone`);
    for (const { token, process, since } of line.entries) {
      if (since >= winner.since || this.dead.has(process)) continue;
      // After an unclear attempt a process may have two for a while, with one mark between them.
      if (line.entries.some((other) => other.process === process && other.token !== token)) continue;
      const passedAt = this.passedAt.get(token) ?? time;
      this.passedAt.set(token, passedAt);
      // Heard of since it was passed, it is passed no more.
      if ((this.heardAt.get(token) ?? 0) > passedAt) this.faults.push(`${key}: a process in line was passed again and again`);
    }
  }
}
