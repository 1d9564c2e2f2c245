import { setImmediate as nextRound } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/** Gives the connection to the next in line. */
export type GiveBack = () => void;

/** Hands one connection to one user at a time, first come, first served: a pool of size one. */
export class ConnectionTurns {
  private last: Promise<void> = Promise.resolve();

  /**
   * Resolves when the connection is free.
   * @throws when that takes longer than 10 s, as for code inside a transaction that does not use the transaction's manager
   */
  async take(): Promise<GiveBack> {
    const before = this.last;
    let giveBack: GiveBack = () => undefined;
    this.last = new Promise((resolve) => (giveBack = resolve));
    try {
      await this.within(PATIENCE_MS, before);
    } catch (error) {
      void before.then(giveBack);
      throw error;
    }
    // The driver is synchronous: without this, a chain of statements would keep timers, sockets and other requests waiting until it ends.
    await nextRound();
    return giveBack;
  }

  private async within(ms: number, turn: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The database connection was not free within ${String(ms)} ms.`)), ms);
    });
    try {
      await Promise.race([turn, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
