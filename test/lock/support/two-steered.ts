import { SteeredProcesses, type SteeredProcess } from './steered-processes.js';

/** Two processes that contend for one lock. */
export interface TwoSteered {
  readonly stage: SteeredProcesses;
  readonly here: SteeredProcess;
  readonly there: SteeredProcess;
}

/** Starts two of them before each test of the suite, and stops them after it. */
export function eachOnTwoSteered(begin: (two: TwoSteered) => void): void {
  let stage: SteeredProcesses;
  beforeEach(async () => {
    stage = new SteeredProcesses();
    begin({ stage, here: await stage.start(), there: await stage.start() });
  });
  afterEach(() => stage.stop());
}
