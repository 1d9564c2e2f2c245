import { validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http';
import { hold, type ResponseHolder } from './held-response.js';
import type { StoredReply } from '../stored-reply.js';
import { markStatus } from './marker-headers.js';
import { headOf, readWriteHead, setHeaderPairs, type ReplyHead, type ToldHead } from './raw-response.js';
import { readChunk } from './written-chunks.js';

/** Who keeps a reply. Both run before the client sees the reply's end and never reject; false: it could not be kept. */
export interface ReplyKeeper {
  keep(reply: StoredReply): Promise<boolean>;
  /** It is larger than `maxBody`, or never came to its end: only its head is known. */
  keepHead(head: ReplyHead): Promise<boolean>;
}

/**
 * Holds a reply back until it is kept. It stands at Node's own response, so it sees what goes over the wire, whoever writes it: Nest, `@Res()`, a
 * template engine, an exception filter, a stream. Of a reply larger than `maxBody` the rest flows through, once it is noted that it cannot be kept.
 *
 * While it holds, the response does not tell that the client has gone: whatever writes the reply goes on, and the reply is kept.
 */
export class ReplyCapture implements ResponseHolder {
  private told: ToldHead | undefined;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private ended = false;
  private gone = false;
  private releasing: Promise<void> | undefined;
  private readonly callbacks: (() => void)[] = [];
  private readonly restore: () => void;

  constructor(
    private readonly response: ServerResponse,
    private readonly maxBody: number,
    private readonly keeper: ReplyKeeper,
  ) {
    this.restore = hold(response, this);
  }

  get headersSent(): boolean {
    return this.told !== undefined || this.ended;
  }

  get writableEnded(): boolean {
    return this.ended;
  }

  /** The client has gone, and the reply has not ended. */
  get isForlorn(): boolean {
    return this.gone && !this.ended;
  }

  /** Lets go of the response, and of what was written so far. */
  giveUp(): Promise<void> {
    return (this.releasing ??= this.release(this.keeper.keepHead(this.head())));
  }

  writeHead(args: readonly unknown[]): void {
    const told = readWriteHead(args);
    // As Node does it: whoever calls it learns at once what is wrong.
    for (const [name, value] of told.headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    this.told ??= told;
  }

  write(args: readonly unknown[]): boolean {
    this.take(args);
    if (this.size > this.maxBody) void this.giveUp();
    return this.releasing === undefined;
  }

  end(args: readonly unknown[]): void {
    // Whoever answers a second time, a filter after @Res() for instance, is not heard.
    if (this.ended) return;
    this.take(args);
    this.ended = true;
    if (this.size > this.maxBody) void this.giveUp();
    else this.releasing ??= this.release(this.keeper.keep({ ...this.head(), body: this.body() }));
  }

  destroy(error: Error | undefined): boolean {
    void this.giveUp().then(() => this.response.destroy(error));
    return true;
  }

  close(): boolean {
    this.gone = true;
    // Node sets it before it emits the event: whatever writes the reply would stop.
    this.response.destroyed = false;
    return true;
  }

  private take(args: readonly unknown[]): void {
    if (this.ended) return;
    const { bytes, callback } = readChunk(args);
    if (bytes !== undefined) {
      this.chunks.push(bytes);
      this.size += bytes.length;
    }
    if (callback !== undefined) this.callbacks.push(callback);
  }

  private body(): Buffer {
    const [only, ...more] = this.chunks;
    return only === undefined || more.length > 0 ? Buffer.concat(this.chunks) : only;
  }

  private head(): ReplyHead {
    return headOf(this.response, this.told);
  }

  private async release(keeping: Promise<boolean>): Promise<void> {
    const kept = await keeping;
    const { response } = this;
    this.restore();
    if (this.gone) response.destroyed = true;
    for (const callback of this.callbacks) process.nextTick(callback);
    try {
      this.send(kept);
    } catch (error) {
      // Node refuses it, as it would have refused it to whoever wrote it; nothing can be answered any more.
      response.destroy(error instanceof Error ? error : undefined);
    }
    // What waits for it learns only now that the client has gone.
    if (this.gone) response.emit('close');
  }

  private send(kept: boolean): void {
    const { response, told, chunks } = this;
    if (!response.headersSent) {
      setHeaderPairs(response, told?.headers ?? []);
      if (!kept) markStatus(response, 'unstored');
      if (told !== undefined) response.writeHead(told.status);
    }
    if (this.ended) {
      response.end(this.body());
    } else {
      for (const chunk of chunks) response.write(chunk);
      response.emit('drain');
    }
  }
}
