import type { Dice } from './dice.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** A request on its way. */
export interface Request {
  readonly arrive: () => void;
  readonly fail: (why: string) => void;
}

/** What a connection is made with. */
export interface ConnectionParts {
  readonly world: World;
  readonly dice: Dice;
  readonly process: SimulatedProcess;
  /** How much later than its predecessor a request may arrive that outlives the connection, in ms. */
  readonly latest: number;
  readonly delay: () => number;
}

/** Never at one moment: rounding must not turn the order round. */
const NEXT_MS = 1e-6;

/** One TCP connection: what is sent over it arrives in order, and where something is lost, so is everything after it. */
export class Connection {
  /** Requests whose promise is open. */
  readonly unsettled = new Set<Request>();
  private state: 'open' | 'silent' | 'closed' = 'open';
  private underWay: Request[] = [];
  private toServer = 0;
  private toClient = 0;
  private hasLost = false;

  constructor(private readonly parts: ConnectionParts) {}

  send(request: Request): void {
    const { world } = this.parts;
    this.unsettled.add(request);
    this.underWay.push(request);
    if (this.state !== 'open') {
      this.strand();
      return;
    }
    this.toServer = Math.max(this.toServer + NEXT_MS, world.time + this.parts.delay());
    world.after(this.toServer - world.time, () => {
      if (this.state !== 'open') return;
      this.underWay.shift();
      request.arrive();
    });
  }

  answer(settle: () => void): void {
    const { world, process } = this.parts;
    if (this.state !== 'open') return;
    this.toClient = Math.max(this.toClient + NEXT_MS, world.time + this.parts.delay());
    world.after(this.toClient - world.time, () => {
      if (this.state === 'open') process.receive(settle);
    });
  }

  /** From now on no answer comes back, and requests get through late or never. */
  end(state: 'silent' | 'closed'): void {
    this.state = state;
    this.strand();
  }

  failAll(why: string): void {
    for (const request of [...this.unsettled]) request.fail(why);
  }

  private strand(): void {
    const { world, dice, latest } = this.parts;
    for (const request of this.underWay.splice(0)) {
      this.hasLost ||= dice.chance(0.4);
      if (this.hasLost) return;
      this.toServer = Math.max(this.toServer, world.time) + (dice.chance(0.3) ? dice.between(0, 5) : dice.between(0, latest));
      world.after(this.toServer - world.time, request.arrive);
    }
  }
}
