/**
 * What the server's clock shows, in µs, as far as its replies tell: each reply bounds the offset to our monotonic clock from both
 * sides (it was made between sending and receiving). The estimate moves only as far as the newest bounds force it to, so that one
 * slow reply does not spoil it and a clock that stepped is followed at once.
 */
export class ServerClock {
  private offset: number | undefined;

  /** The server's time at one of our instants; undefined until a reply was seen. */
  at(monotonicMs: number): number | undefined {
    return this.offset === undefined ? undefined : monotonicMs * 1_000 + this.offset;
  }

  observe(serverMicros: number, sentMs: number, receivedMs: number): void {
    const least = serverMicros - receivedMs * 1_000;
    const most = serverMicros - sentMs * 1_000;
    this.offset = this.offset === undefined ? least : Math.min(Math.max(this.offset, least), most);
  }
}
