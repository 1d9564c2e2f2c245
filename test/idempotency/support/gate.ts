/** Holds handlers back until a test lets them go on, and tells when one has come. */
export class Gate {
  private waiting: (() => void)[] = [];
  private arrivals: (() => void)[] = [];
  private open = true;

  close(): void {
    this.open = false;
  }

  /** Lets all go on that have come and all that will. */
  release(): void {
    this.open = true;
    for (const go of this.waiting.splice(0)) go();
  }

  /** Resolves when the next one comes. */
  nextArrival(): Promise<void> {
    return new Promise((resolve) => this.arrivals.push(resolve));
  }

  async pass(): Promise<void> {
    for (const tell of this.arrivals.splice(0)) tell();
    if (!this.open) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
