import { setTimeout as pause } from 'node:timers/promises';
import { ChildProgram } from '../../../faults/support/child-program.js';
import type { Random } from '../../../faults/support/random.js';
import { until } from '../../../faults/support/until.js';

/** A process of the pool, or the place for one. */
interface Place {
  name: string;
  program: ChildProgram | undefined;
  isPaused: boolean;
}

const ROOM_MS = 60_000;

/** Processes that are killed and paused at any moment, and replaced. */
export class WorkerPool {
  kills = 0;
  pauses = 0;
  /** When a process was last killed or had made its calls, by performance.now(): a begin whose answer was late may be left of either. */
  lastEnd = 0;
  private readonly places: Place[] = [];
  private readonly pending = new Set<Promise<void>>();
  private started = 0;
  private failure: Error | undefined;

  /** @param optionsOf what the process of that name is started with */
  constructor(
    private readonly program: string,
    private readonly optionsOf: (name: string) => object,
    private readonly random: Random,
  ) {}

  async open(size: number): Promise<void> {
    for (let i = 0; i < size; i++) this.places.push({ name: '', program: undefined, isPaused: false });
    await Promise.all(this.places.map((place) => this.fill(place)));
  }

  /** Kills one process that runs, and starts another in its place meanwhile. Returns the name of the dead. */
  async kill(): Promise<string> {
    const place = await this.choose();
    const { name, program } = place;
    place.program = undefined;
    await program?.stop();
    this.lastEnd = performance.now();
    this.kills++;
    this.inBackground(this.fill(place));
    return name;
  }

  /** Pauses one process that runs; it goes on after a time. */
  async pause(ms: number): Promise<void> {
    const place = await this.choose();
    const { program } = place;
    place.isPaused = true;
    program?.pause();
    this.pauses++;
    this.inBackground(
      pause(ms).then(() => {
        program?.resume();
        place.isPaused = false;
      }),
    );
  }

  /** Resolves when all of them have made what is left of the calls. @throws when one of them ended by itself */
  async finish(): Promise<void> {
    await Promise.all(this.pending);
    if (this.failure !== undefined) throw this.failure;
    await Promise.all(this.programs().map((program) => program.ask('finish')));
    this.lastEnd = performance.now();
  }

  async stop(): Promise<void> {
    await Promise.all(this.pending);
    await Promise.all(this.programs().map((program) => program.stop()));
  }

  /** One that runs, while at least one other does. */
  private async choose(): Promise<Place> {
    const running = (): Place[] => this.places.filter(({ program, isPaused }) => program !== undefined && !isPaused);
    await until('two processes run', ROOM_MS, () => this.failure !== undefined || running().length >= 2);
    const candidates = running();
    const place = candidates[Math.floor(this.random() * candidates.length)];
    if (place === undefined || this.failure !== undefined) throw this.failure ?? new Error('No process runs.');
    return place;
  }

  private async fill(place: Place): Promise<void> {
    place.name = `worker-${String(++this.started)}`;
    place.program = await ChildProgram.start(this.program, this.optionsOf(place.name));
  }

  private programs(): ChildProgram[] {
    return this.places.flatMap(({ program }) => program ?? []);
  }

  private inBackground(work: Promise<void>): void {
    const noted: Promise<void> = work
      .catch((error: unknown) => void (this.failure ??= error instanceof Error ? error : new Error(String(error))))
      .finally(() => this.pending.delete(noted));
    this.pending.add(noted);
  }
}
