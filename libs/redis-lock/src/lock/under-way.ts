/** Counts what has been sent and is not answered yet, so that a shutdown can wait for it. */
export class UnderWay {
  private commands = 0;
  private waiting: (() => void)[] = [];

  get size(): number {
    return this.commands;
  }

  begin(): void {
    this.commands++;
  }

  end(): void {
    this.commands--;
    if (this.commands > 0 || this.waiting.length === 0) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Resolves when everything has been answered, or has failed. */
  whenNone(): Promise<void> {
    if (this.commands === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
