import type { Dice } from './dice.js';
import { HEALTHY, type NetworkFault } from './link.js';
import type { ObservedServer } from './observed-server.js';
import type { Participant } from './participant.js';
import type { PromiseLedger } from './promise-ledger.js';
import type { World } from './world.js';

/** How bad a history is: mean times between mishaps, in ms; Infinity for never. */
export interface Weather {
  readonly network: NetworkFault;
  readonly breaks: number;
  readonly silences: number;
  readonly outages: number;
  /** Of the server's data. */
  readonly losses: number;
  readonly pauses: number;
  readonly suspends: number;
  readonly wallSteps: number;
  readonly crashes: boolean;
  readonly shutdowns: boolean;
}

export const CALM: Weather = {
  network: HEALTHY,
  breaks: Infinity,
  silences: Infinity,
  outages: Infinity,
  losses: Infinity,
  pauses: Infinity,
  suspends: Infinity,
  wallSteps: Infinity,
  crashes: false,
  shutdowns: false,
};

/** Every history has its own: some kinds of mishap often, others not at all. */
export function weather(dice: Dice, commandTimeout: number): Weather {
  if (dice.chance(0.1)) return CALM;
  const often = (): number => dice.pick(Infinity, 2_000, 600, 200);
  const suspends = dice.chance(0.3) ? often() : Infinity;
  return {
    network: {
      slowShare: dice.pick(0, 0.02, 0.1, 0.3),
      slowMs: dice.pick(0.5, 1, 2) * commandTimeout,
      cutShare: dice.pick(0, 0.01, 0.1, 0.2),
      lostMessages: dice.pick(0, 0.1, 0.5, 1),
      doubledMessages: dice.pick(0, 0.2),
      doubledRequests: dice.pick(0, 0.1),
    },
    breaks: often(),
    silences: often(),
    outages: often(),
    losses: dice.chance(0.2) ? often() : Infinity,
    pauses: often(),
    suspends,
    // A clock set back by as much as the machine had slept is more than two clocks can tell.
    wallSteps: suspends === Infinity ? often() : Infinity,
    crashes: dice.chance(0.2),
    shutdowns: dice.chance(0.2),
  };
}

/** Lets things go wrong until a moment; by then every process runs again. */
export class Mishaps {
  constructor(
    private readonly world: World,
    private readonly dice: Dice,
    private readonly weather: Weather,
    private readonly until: number,
    private readonly ledger: PromiseLedger,
  ) {}

  befall(participants: readonly Participant[], server: ObservedServer): void {
    const { weather, dice, world, until } = this;
    for (const participant of participants) this.befallOne(participant);
    this.repeat(weather.losses, () => server.loseData());
    this.repeat(weather.outages, () => {
      const end = world.time + dice.between(0, 600);
      world.note(() => `server out of reach until ${end.toFixed(0)}`);
      for (const { link } of participants) {
        link.downUntil = Math.min(end, until);
        if (dice.chance(0.5)) link.break();
        else link.silence();
      }
    });
  }

  private befallOne(participant: Participant): void {
    const { weather, dice, world, until } = this;
    const { link, process } = participant;
    link.fault = weather.network;
    this.repeat(weather.breaks, () => link.break());
    this.repeat(weather.silences, () => link.silence());
    this.repeat(weather.pauses, () => process.pause(Math.min(dice.gap(300), until - world.time)));
    this.repeat(weather.suspends, () => process.suspend(Math.min(dice.gap(300), until - world.time)));
    this.repeat(weather.wallSteps, () => process.stepWallClock(dice.between(-2_000, 2_000)));
    if (weather.crashes && dice.chance(0.3)) world.after(dice.between(0, until), () => participant.crash());
    if (weather.shutdowns && dice.chance(0.3))
      world.after(dice.between(0, until), () => process.receive(() => void this.shutDown(participant)));
  }

  private async shutDown(participant: Participant): Promise<void> {
    participant.isShut = true;
    this.world.note(() => `${participant.name} shuts down`);
    await this.ledger.note(participant.process, 'drain', participant.engine.drain());
    await this.ledger.note(participant.process, 'close', participant.engine.close());
  }

  private repeat(mean: number, run: () => void): void {
    const { world, dice, until } = this;
    if (mean === Infinity) return;
    world.after(dice.gap(mean), () => {
      if (world.time >= until) return;
      run();
      this.repeat(mean, run);
    });
  }
}
