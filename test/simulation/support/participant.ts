import { LockEngine } from '../../../libs/redis-lock/src/lock/lock-engine.js';
import type { Hold } from '../../../libs/redis-lock/src/lock/hold.js';
import type { LockHandle } from '../../../libs/redis-lock/src/lock/lock-handle.js';
import type { EngineSettings } from '../../../libs/redis-lock/src/lock/lock-request.js';
import { LockService } from '../../../libs/redis-lock/src/lock/lock.service.js';
import type { Belief } from './belief-judge.js';
import type { Dice } from './dice.js';
import { Link } from './link.js';
import { LinkedLockStore } from './linked-lock.store.js';
import type { ObservedServer } from './observed-server.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** What a participant is made with. */
export interface ParticipantParts {
  readonly world: World;
  readonly dice: Dice;
  readonly server: ObservedServer;
  readonly process: SimulatedProcess;
  readonly settings: EngineSettings;
}

/** One process with its engine and its way to the server. */
export class Participant {
  readonly engine: LockEngine;
  readonly locks: LockService;
  readonly link: Link;
  readonly process: SimulatedProcess;
  readonly warnings: string[] = [];
  /** Handles that callers have and have not released. */
  readonly handles = new Set<LockHandle>();
  isShut = false;

  constructor(private readonly parts: ParticipantParts) {
    const { world, dice, server, process, settings } = parts;
    const { commandTimeout } = settings;
    this.process = process;
    this.link = new Link({
      world,
      dice,
      process,
      commandTimeout,
      onClose: () => store.forgetServer(),
      // The server knows whose connection is closed.
      onUp: (isUp) => (isUp ? store.subscribe() : server.disconnect(this.engine.process)),
    });
    const store = new LinkedLockStore({ server, link: this.link, process, commandTimeout });
    const warn = (message: string): void => {
      this.warnings.push(message);
      world.note(() => `${process.name} warns: ${message}`);
    };
    this.engine = new LockEngine({ store, clock: process, timers: process, log: { warn }, settings, random: dice.roll });
    this.locks = new LockService(this.engine);
  }

  /** Its connections are closed a moment later, by the machine. */
  crash(): void {
    const { world, server, dice, process } = this.parts;
    process.crash();
    world.after(dice.between(0, 5), () => {
      server.disconnect(this.engine.process);
      server.judge.dead.set(this.engine.process, world.time);
    });
  }

  get name(): string {
    return this.process.name;
  }

  get takesPart(): boolean {
    return !this.isShut && !this.process.hasCrashed;
  }

  /** What of its holds it believes in, by its own clocks; looked at from outside, so that looking changes nothing. */
  beliefs(holds: Iterable<Hold>): readonly Belief[] {
    const beliefs: Belief[] = [];
    const now = this.process.now();
    for (const hold of holds) {
      const left = hold.leftMs(now);
      if (!hold.isOver && left > 0) beliefs.push({ participant: this, hold, trulyLeft: left / this.process.rate });
    }
    return beliefs;
  }

  /** What it holds, and what it works in although it was told of its loss. Of a crashed one nobody holds anything. */
  holds(): ReadonlySet<Hold> {
    const holds = new Set<Hold>();
    if (this.process.hasCrashed) return holds;
    for (const hold of this.engine.keeper.all()) holds.add(hold);
    for (const { share } of this.handles) holds.add(share.hold);
    return holds;
  }
}
