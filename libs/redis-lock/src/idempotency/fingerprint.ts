import { hash } from 'node:crypto';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { bytesOf } from './bytes.js';
import { canonicalJson } from './canonical-json.js';
import { multipartContent, type ParsedMultipart } from './multipart-content.js';
import { hasUnreadBody, type ReceivedRequest } from './unread-body.js';

/** What is compared of a request: Express's request and Fastify's have all of it. */
export interface ComparedRequest extends ReceivedRequest, ParsedMultipart {
  readonly query?: unknown;
  /** Of Nest's option `rawBody`: what was received, where no parser knew what to make of it. */
  readonly rawBody?: unknown;
}

/** How many bytes of SHA-256 stand for a request. */
export const FINGERPRINT_BYTES = 16;

const NO_BODY = 'none';
const WRITE_ONE =
  "Write what must be equal, fingerprint: (context) => …, or let the body be parsed before: by middleware, or by an interceptor at global or class level or above this method's decorator.";

/**
 * What stands for a request's query and body: 16 bytes, the same for requests that say the same. The order of members and how a body is divided
 * do not matter, the order of lists does. A promise where the files of a multipart body may have to be read from disk.
 * @param place for messages: `@Idempotent on OrdersController.create`
 * @throws LockOptionsError for a body that nobody has read, or that cannot be compared: the option `fingerprint` is missing
 */
export function fingerprintOf(request: ComparedRequest, place: string): Buffer | Promise<Buffer> {
  const query = comparable(request.query ?? {}, place, 'query');
  const rawBody = request.body === undefined ? bytesOf(request.rawBody) : undefined;
  if (rawBody !== undefined) return digest(query, comparable(rawBody, place, 'body'));
  if (hasUnreadBody(request)) throw refusal(place, 'body: nobody has read it yet, so that nobody can compare it.');
  if (isMultipart(request.headers['content-type'])) {
    return multipartText(request, place).then((body) => digest(query, body));
  }
  return digest(query, request.body === undefined ? NO_BODY : comparable(request.body, place, 'body'));
}

/**
 * What stands for a value that the option `fingerprint` has returned: text, a JSON value, or bytes.
 * @throws LockOptionsError for anything else
 */
export function fingerprintOfValue(value: unknown, place: string): Buffer {
  try {
    return digest('value', canonicalJson(value));
  } catch (error) {
    if (!(error instanceof LockOptionsError)) throw error;
    throw new LockOptionsError(`${place}: fingerprint: ${error.message} Return what must be equal, as text, JSON or bytes.`, {
      cause: error.cause,
    });
  }
}

async function multipartText(request: ComparedRequest, place: string): Promise<string> {
  try {
    return canonicalJson(await multipartContent(request));
  } catch (error) {
    throw error instanceof LockOptionsError ? refusal(place, `body: ${error.message}`, error.cause) : error;
  }
}

function comparable(value: unknown, place: string, what: string): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    throw error instanceof LockOptionsError ? refusal(place, `${what}: ${error.message}`, error.cause) : error;
  }
}

/** In canonical JSON there are no line breaks, so that the two cannot run into each other. */
function digest(first: string, second: string): Buffer {
  return hash('sha256', `${first}\n${second}`, 'buffer').subarray(0, FINGERPRINT_BYTES);
}

function isMultipart(type: string | undefined): boolean {
  return type !== undefined && /^multipart\//i.test(type);
}

function refusal(place: string, why: string, cause?: unknown): LockOptionsError {
  return new LockOptionsError(`${place}: ${why} ${WRITE_ONE}`, { cause });
}
