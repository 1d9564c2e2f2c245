import type { Clock, Instant, Timer, Timers } from '../../../libs/redis-lock/src/runtime/clock.js';
import type { Dice } from './dice.js';
import type { World } from './world.js';

interface SetTimer {
  /** On this process's monotonic clock. */
  readonly dueAt: number;
  run: (() => void) | undefined;
}

/** How a machine's clocks differ from true time. */
export interface ClockFault {
  /** How fast they run: 1 is right. */
  readonly rate: number;
  readonly monotonicAt0: number;
  readonly wallAt0: number;
}

/** Where one engine runs: its clocks, its timers, and whether it runs at all. What comes in while it does not is done when it goes on. */
export class SimulatedProcess implements Clock, Timers {
  private state: 'runs' | 'paused' | 'suspended' | 'crashed' = 'runs';
  private backlog: { readonly kind: 'timer' | 'input'; readonly run: () => void }[] = [];
  private asleepMs = 0;
  private asleepSince = 0;
  private wallStep = 0;
  /** Stretches of true time in which it did not run. */
  stalls = 0;

  constructor(
    readonly name: string,
    private readonly world: World,
    private readonly dice: Dice,
    private readonly fault: ClockFault,
  ) {}

  get rate(): number {
    return this.fault.rate;
  }

  get hasCrashed(): boolean {
    return this.state === 'crashed';
  }

  get isStalled(): boolean {
    return this.state !== 'runs';
  }

  now(): Instant {
    const { rate, monotonicAt0, wallAt0 } = this.fault;
    const { time } = this.world;
    const asleep = this.asleepMs + (this.state === 'suspended' ? time - this.asleepSince : 0);
    return { monotonic: monotonicAt0 + (time - asleep) * rate, wall: wallAt0 + time * rate + this.wallStep };
  }

  /** As Node's: whole milliseconds, at least one, and often late. */
  after(ms: number, run: () => void): Timer {
    const timer: SetTimer = { dueAt: this.now().monotonic + Math.max(1, Math.trunc(ms)), run };
    this.arm(timer);
    return { cancel: () => (timer.run = undefined) };
  }

  /** The next turn of its event loop. */
  soon(run: () => void): void {
    this.world.after(0, () => this.enter('input', run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Something arrives from outside. */
  receive(run: () => void): void {
    this.enter('input', run);
  }

  /** As SIGSTOP and SIGCONT: its clocks go on. */
  pause(ms: number): void {
    this.stall('paused', ms);
  }

  /** As a laptop that sleeps: its monotonic clock, and with it its timers, stand still. */
  suspend(ms: number): void {
    this.stall('suspended', ms);
  }

  stepWallClock(ms: number): void {
    this.wallStep += ms;
  }

  crash(): void {
    this.state = 'crashed';
    this.backlog = [];
  }

  private stall(state: 'paused' | 'suspended', ms: number): void {
    if (this.state !== 'runs') return;
    this.state = state;
    this.stalls++;
    this.asleepSince = this.world.time;
    this.world.note(() => `${this.name} ${state} for ${ms.toFixed(0)}`);
    this.world.after(ms, () => {
      if (this.state === state) this.goOn();
    });
  }

  private goOn(): void {
    if (this.state === 'suspended') this.asleepMs += this.world.time - this.asleepSince;
    this.state = 'runs';
    this.world.note(() => `${this.name} goes on`);
    const missed = this.backlog;
    this.backlog = [];
    // Where in its loop it was stopped decides which it sees first.
    const first = this.dice.pick('timer', 'input');
    for (const { kind, run } of [...missed.filter((item) => item.kind === first), ...missed.filter((item) => item.kind !== first)]) {
      this.world.after(0, () => this.enter(kind, run));
    }
  }

  private arm(timer: SetTimer): void {
    const early = this.now().monotonic;
    const late = this.dice.chance(0.1) ? this.dice.between(0, 8) : this.dice.between(0, 0.3);
    this.world.after((timer.dueAt - early) / this.rate + late, () => {
      this.enter('timer', () => {
        if (timer.run === undefined) return;
        // It slept meanwhile.
        if (this.now().monotonic < timer.dueAt) this.arm(timer);
        else timer.run();
      });
    });
  }

  private enter(kind: 'timer' | 'input', run: () => void): void {
    if (this.state === 'crashed') return;
    if (this.state === 'runs') run();
    else this.backlog.push({ kind, run });
  }
}
