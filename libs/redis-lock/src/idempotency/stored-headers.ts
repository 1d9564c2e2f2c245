import { LockOptionsError } from '../errors/lock-options.error.js';
import { isFieldName } from './field-name.js';

/** Whether a header of this name, in any case, is kept with a reply. */
export type IsStoredHeader = (name: string) => boolean;

/** A header as it is sent; of several lines of one name each is a pair of its own. */
export type HeaderPair = readonly [name: string, value: string];

/** They belong to one connection or one message (RFC 9110, section 7.6.1), or are our own: a replay has its own of them, or none. */
const NEVER =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|content-length|idempotent-replayed|idempotency-status)$/;

/** They speak of one answer, one client or one server. Retry-After is not among them: it belongs to what the handler said. */
const BY_DEFAULT_NOT = new RegExp(
  `^(?:${[
    'date|age|via|server|x-powered-by|alt-svc|set-cookie2?',
    // What tells one request from another in logs and traces.
    '(?:x-)?(?:request|correlation|trace|transaction)-?id|traceparent|tracestate|baggage|b3|x-b3-.*|traceresponse',
    'x-amzn-trace-id|x-amzn-requestid|x-amz-request-id|x-cloud-trace-context|cf-ray|server-timing|x-response-time|x-runtime',
    '(?:x-)?rate-?limit(?:-.*)?',
    // They answer to the origin that asks.
    'access-control-.*',
  ].join('|')})$`,
);

/**
 * Reads the option `headers`: which of a reply's headers are kept. `deny` wins over `allow`, and `allow` over what is left out by default.
 * @throws LockOptionsError, whose message begins with the option's name
 */
export function storedHeaders(options: unknown, name: string): IsStoredHeader {
  const { allow, deny } = checkShape(options ?? {}, name);
  for (const header of allow) {
    if (!NEVER.test(header)) continue;
    throw new LockOptionsError(`${name}.allow: '${header}' belongs to one message and is made anew for each; leave it out.`);
  }
  const allowed = new Set(allow);
  const denied = new Set(deny);
  return (given) => {
    const header = given.toLowerCase();
    if (denied.has(header)) return false;
    return allowed.has(header) || !(NEVER.test(header) || BY_DEFAULT_NOT.test(header));
  };
}

/** The headers of a reply that are kept. What its Connection header names belongs to the connection as well. */
export function headersToStore(headers: readonly HeaderPair[], isStored: IsStoredHeader): HeaderPair[] {
  const kept = headers.filter(([name]) => isStored(name));
  const ofConnection = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase()));
  return ofConnection.length === 0 ? kept : kept.filter(([name]) => !ofConnection.includes(name.toLowerCase()));
}

function checkShape(options: unknown, name: string): { allow: string[]; deny: string[] } {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new LockOptionsError(howTo(name));
  for (const key of Object.keys(options)) {
    if (key !== 'allow' && key !== 'deny') throw new LockOptionsError(`${name}: there is no '${key}'. There are: allow, deny.`);
  }
  const { allow, deny }: { allow?: unknown; deny?: unknown } = options;
  return { allow: names(allow, `${name}.allow`), deny: names(deny, `${name}.deny`) };
}

function names(list: unknown, name: string): string[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw new LockOptionsError(`${name}: write a list of names, for instance ['set-cookie'].`);
  return list.map((header: unknown) => {
    if (isFieldName(header)) return header.toLowerCase();
    throw new LockOptionsError(
      `${name}: ${typeof header === 'string' ? `'${header}'` : `a value of type ${typeof header}`} is not the name of a header.`,
    );
  });
}

function howTo(name: string): string {
  return `${name}: write which headers are kept as well, or not kept: { allow: ['set-cookie'], deny: ['etag'] }.`;
}
