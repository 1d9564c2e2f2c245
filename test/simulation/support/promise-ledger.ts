import type { SimulatedProcess } from './simulated-process.js';

interface Entry {
  readonly process: SimulatedProcess;
  readonly name: string;
}

/** Promises of one history that must all settle. */
export class PromiseLedger {
  private readonly open = new Set<Entry>();

  /** Resolves when the work has settled, whatever with. */
  async note(process: SimulatedProcess, name: string, work: Promise<unknown>): Promise<void> {
    const entry = { process, name };
    this.open.add(entry);
    await work.catch(() => undefined);
    this.open.delete(entry);
  }

  /** What has not settled. Of what a crashed process had begun nobody hears any more. */
  get unsettled(): string[] {
    return [...this.open].filter(({ process }) => !process.hasCrashed).map(({ process, name }) => `${process.name} ${name}`);
  }
}
