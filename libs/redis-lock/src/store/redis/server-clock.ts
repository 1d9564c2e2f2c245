const MICROS = 1_000_000;

/**
 * What the server's clock shows, in µs, as far as its replies tell: each reply bounds the offset to our monotonic clock from both
 * sides (it was made between sending and receiving). The estimate moves only as far as the newest bounds force it to, so that one
 * slow reply does not spoil it and a clock that stepped is followed at once.
 */
export class ServerClock {
  private offset: number | undefined;
  private second = 0;
  private secondText = '0';

  /** The server's time at one of our instants; undefined until a reply was seen. */
  at(monotonicMs: number): number | undefined {
    return this.offset === undefined ? undefined : monotonicMs * 1_000 + this.offset;
  }

  /**
   * The server's time so much after one of our instants, in µs, as text; long past where there is no estimate yet, so that the answer
   * will be STALE and bring one. Text in two pieces: a number of 16 digits takes V8 longer than the rest of a command together.
   */
  deadline(monotonicMs: number, afterMs: number): string {
    const from = this.at(monotonicMs);
    if (from === undefined) return '0';
    const micros = Math.round(from + afterMs * 1_000);
    const second = Math.floor(micros / MICROS);
    if (second !== this.second) {
      this.second = second;
      this.secondText = String(second);
    }
    return this.secondText + String(MICROS + micros - second * MICROS).slice(1);
  }

  observe(serverMicros: number, sentMs: number, receivedMs: number): void {
    const least = serverMicros - receivedMs * 1_000;
    const most = serverMicros - sentMs * 1_000;
    this.offset = this.offset === undefined ? least : Math.min(Math.max(this.offset, least), most);
  }
}
