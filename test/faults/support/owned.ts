/** Something a test started and that must not outlive it. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** What one test started; ended in reverse order, also where the test failed. */
export class Owned {
  private readonly things: Stoppable[] = [];

  add<T extends Stoppable>(thing: T): T {
    this.things.push(thing);
    return thing;
  }

  /** Ends everything, and throws the first failure only when all of it was tried. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const thing of this.things.splice(0).reverse()) {
      await thing.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Everything the tests of one suite start goes in here. */
export function ownedByEachTest(): Owned {
  const owned = new Owned();
  afterEach(() => owned.end(), 20_000);
  return owned;
}
