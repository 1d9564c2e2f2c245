import type { ServerResponse } from 'node:http';
import type { StoredReply } from '../stored-reply.js';
import { markReplayed } from './marker-headers.js';
import { hold, type ResponseHolder } from './held-response.js';
import { readWriteHead, setHeaderPairs, type ToldHead } from './raw-response.js';

/** What speaks of the body that is left out. */
const OF_THE_BODY = /^(content-(?!security-policy)[\w-]+|etag|last-modified|location|transfer-encoding|trailer|accept-ranges)$/i;

/**
 * Puts a stored reply in the place of whatever is written next. Nest goes its usual way with nothing in hand: what stands around the interceptor
 * sets its headers, once, as for any reply, and when the reply is written, the stored one goes out.
 */
export class ReplySubstitution implements ResponseHolder {
  private told: ToldHead | undefined;
  private ended = false;
  private readonly restore: () => void;

  constructor(
    private readonly response: ServerResponse,
    private readonly reply: StoredReply,
  ) {
    this.restore = hold(response, this);
  }

  get headersSent(): boolean {
    return this.told !== undefined || this.ended;
  }

  get writableEnded(): boolean {
    return this.ended;
  }

  writeHead(args: readonly unknown[]): void {
    this.told ??= readWriteHead(args);
  }

  write(): boolean {
    return true;
  }

  end(): void {
    this.send();
  }

  destroy(): boolean {
    return false;
  }

  close(): boolean {
    return false;
  }

  /** Sends the reply, where nobody else will end the response. */
  send(): void {
    if (this.ended) return;
    this.ended = true;
    const { response, reply, told } = this;
    this.restore();
    setHeaderPairs(response, told?.headers ?? []);
    for (const name of response.getHeaderNames()) if (OF_THE_BODY.test(name)) response.removeHeader(name);
    setHeaderPairs(response, reply.headers);
    markReplayed(response);
    response.statusCode = reply.status;
    // Without a body Node writes none of these two; with one it counts.
    if (reply.body.length > 0) response.setHeader('Content-Length', reply.body.length);
    response.end(reply.body);
  }
}
