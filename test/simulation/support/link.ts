import { LockStoreError } from '../../../libs/redis-lock/src/errors/lock-store.error.js';
import { Connection, type Request } from './connection.js';
import type { Dice } from './dice.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** How a network treats what is sent over it. Times in ms of true time. */
export interface NetworkFault {
  /** Share of what is sent that takes up to `slowMs`. */
  readonly slowShare: number;
  readonly slowMs: number;
  /** Share of requests during which the connection breaks. */
  readonly cutShare: number;
  /** Share of published messages that never arrive, and that arrive twice. */
  readonly lostMessages: number;
  readonly doubledMessages: number;
  /** Share of the requests for which that can do no harm that Redis sees twice, the second time much later. */
  readonly doubledRequests: number;
}

export const HEALTHY: NetworkFault = { slowShare: 0, slowMs: 0, cutShare: 0, lostMessages: 0, doubledMessages: 0, doubledRequests: 0 };

/** What a link is made with. */
export interface LinkParts {
  readonly world: World;
  readonly dice: Dice;
  readonly process: SimulatedProcess;
  readonly commandTimeout: number;
  readonly onClose: () => void;
  /** The server sees whether there is a connection. */
  readonly onUp: (isUp: boolean) => void;
}

const RECONNECT_MS = [50, 120] as const;
const USUAL_MS = [0.1, 1.5] as const;
const LATEST_MS = 1_500;

/**
 * The way from one process to the server and back. Its connection may break at any moment, or fall silent; requests that were under way then
 * are lost, or arrive late, when the client has long made another connection.
 */
export class Link {
  fault: NetworkFault = HEALTHY;
  /** Requests that were sent, or would have been. */
  requests = 0;
  /** Nobody can connect before. */
  downUntil = 0;
  private connection: Connection | undefined;

  constructor(private readonly parts: LinkParts) {
    this.connection = this.connect();
  }

  /** Whether messages come through, as far as anybody can tell. */
  get isUp(): boolean {
    return this.connection !== undefined;
  }

  /** Sends a request; what is applied at the server returns the answer. Rejects as the Redis store's link does. */
  request<T>(name: string, apply: () => T, mayDouble = false): Promise<T> {
    const { world, process, dice, commandTimeout } = this.parts;
    const { connection } = this;
    this.requests++;
    if (connection === undefined) return Promise.reject(new LockStoreError(`${name}: not connected`));
    return new Promise<T>((resolve, reject) => {
      const end = (): boolean => {
        timer.cancel();
        return connection.unsettled.delete(request);
      };
      const timer = process.after(commandTimeout, () => {
        if (!end()) return;
        reject(new LockStoreError(`${name}: Command timed out`));
        if (this.connection === connection) this.disconnect('is given up');
      });
      const request: Request = {
        arrive: () => {
          const answer = apply();
          world.note(() => `server did ${name} for ${process.name}: ${JSON.stringify(answer)}`);
          connection.answer(() => {
            if (end()) resolve(answer);
          });
        },
        fail: (why) => {
          if (end()) reject(new LockStoreError(`${name}: ${why}`));
        },
      };
      world.note(() => `${process.name} sends ${name}`);
      connection.send(request);
      if (dice.chance(this.fault.cutShare)) world.after(dice.between(0, USUAL_MS[1]), () => this.break());
      if (mayDouble && dice.chance(this.fault.doubledRequests)) world.after(dice.between(0, 3 * commandTimeout), apply);
    });
  }

  /** A message that the server published, on a connection of its own: a hint that may be late, lost or doubled. */
  message(run: () => void): void {
    const { world, dice, process } = this.parts;
    if (this.connection === undefined || dice.chance(this.fault.lostMessages)) return;
    const copies = dice.chance(this.fault.doubledMessages) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) world.after(this.delay(), () => process.receive(run));
  }

  /** The client is told at once. */
  break(): void {
    this.disconnect('is reset');
  }

  /** Nothing gets through any more, and nobody is told. */
  silence(): void {
    this.parts.world.note(() => `${this.parts.process.name}: link falls silent`);
    this.connection?.end('silent');
  }

  private disconnect(why: string): void {
    const { world, process, onClose } = this.parts;
    const { connection } = this;
    if (connection === undefined) return;
    world.note(() => `${process.name}: link ${why}`);
    this.connection = undefined;
    this.parts.onUp(false);
    connection.end('closed');
    process.receive(() => {
      onClose();
      connection.failAll(why);
    });
    this.comeBack();
  }

  private comeBack(): void {
    const { world, dice, process } = this.parts;
    const at = Math.max(world.time, this.downUntil) + dice.between(...RECONNECT_MS);
    world.after(at - world.time, () =>
      process.receive(() => {
        if (world.time < this.downUntil) this.comeBack();
        else {
          this.connection = this.connect();
          this.parts.onUp(true);
        }
      }),
    );
  }

  private connect(): Connection {
    const { world, dice, process } = this.parts;
    return new Connection({ world, dice, process, latest: LATEST_MS, delay: () => this.delay() });
  }

  private delay(): number {
    const { fault } = this;
    const { dice } = this.parts;
    return dice.chance(fault.slowShare) ? dice.between(0, fault.slowMs) : dice.between(...USUAL_MS);
  }
}
