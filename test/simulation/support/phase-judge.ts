import type { MemoryCompanion } from '../../../libs/redis-lock/src/store/memory/memory-companion.js';
import type { Entry, MemoryLine } from '../../../libs/redis-lock/src/store/memory/memory-line.js';
import type { World } from './world.js';

/** How a lock is in use, and by which event of the world that began. */
interface Phase {
  readonly kind: 'alone' | 'read' | 'permit';
  readonly begunBy: number;
}

/**
 * Readers and writers take turns: no reader joins while a writer waits, no two phases of reading follow each other past a writer in line, and no
 * reader in line is passed twice by writers who came later. Whoever does not stand in line passes nobody.
 */
export class PhaseJudge {
  private readonly phases = new Map<string, Phase>();
  /** How many later writers had the lock before a reader in line, by its token. */
  private readonly passed = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly faults: string[],
  ) {}

  /** Somebody gets the lock for itself; `winner` is its entry where it stood in line. */
  alone(key: string, winner: Entry | undefined, companion: MemoryCompanion | undefined): void {
    this.phases.set(key, { kind: 'alone', begunBy: this.world.eventCount });
    if (companion === undefined) return;
    if (winner === undefined && alive(companion.writers).length + alive(companion.readers).length > 0)
      this.faults.push(`${key}: whoever stood in line was overtaken`);
    for (const { token, since } of alive(companion.readers)) {
      if (since > (winner?.since ?? Infinity)) continue;
      const passed = (this.passed.get(token) ?? 0) + 1;
      this.passed.set(token, passed);
      if (passed > 1) this.faults.push(`${key}: a reader in line was passed by two writers who came later`);
    }
  }

  /** Somebody begins to read; `isOpen`: others do already. */
  read(key: string, winner: Entry | undefined, companion: MemoryCompanion | undefined, isOpen: boolean): void {
    const phase = this.phases.get(key);
    const writers = companion === undefined ? [] : alive(companion.writers);
    if (!isOpen) {
      const inLine = companion?.readers.entries ?? [];
      // Whoever stands at their head decides whose turn it is, also where it is found to be gone only then.
      const since = Math.min(winner?.since ?? Infinity, ...inLine.map((entry) => entry.since));
      if (phase?.kind === 'read' && writers.some((writer) => writer.since < since))
        this.faults.push(`${key}: readers followed on readers, past a writer in line`);
      this.phases.set(key, { kind: 'read', begunBy: this.world.eventCount });
      // They miss this turn, since nothing is heard of them.
      const reached = companion === undefined ? [] : alive(companion.readers);
      for (const entry of inLine) if (!reached.includes(entry)) this.passed.delete(entry.token);
    } else if (phase?.begunBy !== this.world.eventCount && writers.length > 0) {
      this.faults.push(`${key}: a reader joined although a writer waited`);
    }
  }

  /** Somebody gets a permit. */
  permit(key: string, winner: Entry | undefined, companion: MemoryCompanion | undefined): void {
    this.phases.set(key, { kind: 'permit', begunBy: this.world.eventCount });
    if (winner === undefined && companion !== undefined && alive(companion.writers).length > 0)
      this.faults.push(`${key}: whoever stood in line for a permit was overtaken`);
  }

  /** Nothing is left of what has been. */
  forget(): void {
    this.phases.clear();
  }
}

/** Who is in line and has not been passed over, as far as the server can know. */
function alive(line: MemoryLine): readonly Entry[] {
  return line.entries.filter(({ process }) => (line.markOf(process) ?? 'passed-over') !== 'passed-over');
}
