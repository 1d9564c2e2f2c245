import type { ServerResponse } from 'node:http';
import type { StoredReply } from '../stored-reply.js';
import { markReplayed } from './marker-headers.js';
import { overlay } from './own-properties.js';
import { readWriteHead, setHeaderPairs, type ToldHead } from './raw-response.js';

/** What speaks of the body that is left out. */
const OF_THE_BODY = /^(content-(?!security-policy)[\w-]+|etag|last-modified|location|transfer-encoding|trailer|accept-ranges)$/i;

/**
 * Puts a stored reply in the place of whatever is written next. Nest goes its usual way with nothing in hand: what stands around the interceptor
 * sets its headers, once, as for any reply, and when the reply is written, the stored one goes out.
 */
export class ReplySubstitution {
  private told: ToldHead | undefined;
  private ended = false;
  private readonly restore: () => void;

  constructor(
    private readonly response: ServerResponse,
    private readonly reply: StoredReply,
  ) {
    const value = (run: (args: unknown[]) => unknown): PropertyDescriptor => ({ value: (...args: unknown[]) => run(args), writable: true });
    this.restore = overlay(response, {
      writeHead: value((args) => {
        this.told ??= readWriteHead(args);
        return response;
      }),
      write: value(() => true),
      flushHeaders: value(() => undefined),
      end: value(() => {
        this.send();
        return response;
      }),
      headersSent: { get: () => this.told !== undefined || this.ended },
      writableEnded: { get: () => this.ended },
    });
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
