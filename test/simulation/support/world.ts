import { EventQueue, type WorldEvent } from './event-queue.js';

const MOST_EVENTS = 200_000;

/** True time, in ms, which no process and no server of the simulation can read, and everything that is to happen in it. */
export class World {
  time = 0;
  eventCount = 0;
  private readonly events = new EventQueue();
  private order = 0;
  private readonly trace: string[] | undefined;

  /** @param onEvent runs when everything that an event led to at its moment has happened */
  constructor(
    private readonly onEvent: () => void,
    traced = false,
  ) {
    this.trace = traced ? [] : undefined;
  }

  /** Returns what cancels it. */
  after(ms: number, run: () => void): () => void {
    const event: WorldEvent = { at: this.time + Math.max(0, ms), order: this.order++, run };
    this.events.add(event);
    return () => (event.run = undefined);
  }

  /** Goes on until something is true, or until a moment. */
  async runUntil(end: number, isDone: () => boolean = () => false): Promise<void> {
    for (let next = this.events.first; next !== undefined && next.at <= end && !isDone(); next = this.events.first) {
      this.events.takeFirst();
      const { run } = next;
      if (run === undefined) continue;
      if (++this.eventCount > MOST_EVENTS) throw new Error(`More than ${String(MOST_EVENTS)} events: something goes round in circles.`);
      this.time = next.at;
      run();
      await settled();
      this.onEvent();
    }
    if (!isDone()) this.time = Math.max(this.time, end);
  }

  /** Notes a line, where somebody replays a history to read it. */
  note(text: () => string): void {
    this.trace?.push(`${this.time.toFixed(2).padStart(10)}  ${text()}`);
  }

  get story(): string {
    return this.trace?.join('\n') ?? '';
  }
}

/** Node runs this tick when no promise is left to settle. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
