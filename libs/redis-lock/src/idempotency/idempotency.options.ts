import type { ExecutionContext } from '@nestjs/common';
import type { Duration } from '../duration.js';

/** A number of bytes, or a number with a unit: `'256kb'`, `'1mb'` (1 kb = 1024 bytes). */
export type ByteSize = number | `${number}b` | `${number}kb` | `${number}mb`;

/**
 * Whose replies may be given to whom: a reply is only ever replayed within its scope. A function of the request, for instance
 * `(context) => context.switchToHttp().getRequest().user.id`; or `'global'`, which has to be written out, where every caller may see every reply.
 * The function must return text that is not empty.
 */
export type IdempotencyScope = 'global' | ((context: ExecutionContext) => string);

/** Which of a reply's headers are stored. Names in any case. */
export interface StoredHeaders {
  /** Stored although they are left out by default: `['set-cookie']`. */
  allow?: readonly string[];
  /** Left out as well. */
  deny?: readonly string[];
}

/** Options of `@Idempotent()`, and of the module's `idempotency`, whose values are the defaults. A route's win over its class's, and those over the module's. */
export interface IdempotencyOptions {
  /** Whose replies may be given to whom. No default: without one the application does not start. */
  scope?: IdempotencyScope;
  /** How long a reply can be replayed, from its storing on. Default `'24h'`. */
  ttl?: Duration;
  /** How long a request whose process has died stays "in progress"; renewed while the handler runs. Default `'30s'`. */
  lease?: Duration;
  /** The header that carries the key. Default `'Idempotency-Key'`. */
  header?: string;
  /** Whether a request without a key is refused with 400. Default true; false lets it pass unguarded. */
  required?: boolean;
  /** What becomes of a duplicate while the first request runs: 409 at once, or it waits for the reply. Default `'reject'`. */
  concurrency?: 'reject' | 'wait';
  /** How long a duplicate waits with `concurrency: 'wait'` before its 409. Default `'10s'`. */
  wait?: Duration;
  /** Which error replies are kept and replayed: none (the key can be used again), those below 500, or all. Default `'none'`. */
  storeErrors?: 'none' | '4xx' | 'all';
  /** What a retry meets when the first request's process has died: the handler runs again, or 409, since nobody knows what was done. Default `'retry'`. */
  onLeaseExpired?: 'retry' | 'block';
  /** What happens while Redis cannot be asked: 503, or the handler runs unguarded. Default `'closed'`. */
  onStoreError?: 'closed' | 'open';
  /** What must be equal for a request to be the same one; text, JSON or bytes. Default: the query and the parsed body. */
  fingerprint?: (context: ExecutionContext) => unknown;
  /** A larger reply is passed on, but not kept: its retry gets 409. Default `'256kb'`. */
  maxBody?: ByteSize;
  /** Which headers of a reply are kept. By default all but hop-by-hop ones, Set-Cookie, Date, request ids and CORS. */
  headers?: StoredHeaders;
  /** Turns a reply into what is stored. Give both, or none. */
  encrypt?: (reply: Buffer) => Buffer | Promise<Buffer>;
  /** Turns what is stored into the reply again. */
  decrypt?: (stored: Buffer) => Buffer | Promise<Buffer>;
}

/** Options of `@PreventDuplicate()`. */
export interface PreventDuplicateOptions {
  /**
   * What makes a request a duplicate: a template over the request, `'order:create:{headers.x-request-id}'` (headers, params, query, body, user, ip),
   * or a function. A value that is missing is answered with 400.
   */
  key: string | ((context: ExecutionContext) => string);
  /** Whose requests are compared. No default but the module's. */
  scope?: IdempotencyScope;
  /** For how long. Default `'30s'`. */
  window?: Duration;
  /** When the next one may come: at the end of the window, when the handler has finished, or when it has failed. Default `'window'`. */
  release?: 'window' | 'finish' | 'error';
  /** Status of the answer to a duplicate. Default 409. */
  status?: number;
  /** Its text for the end user. */
  message?: string;
}
