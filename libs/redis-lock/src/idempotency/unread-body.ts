import type { IncomingHttpHeaders } from 'node:http';

/** What tells whether a request has a body that no parser has read: Express's request, or Fastify's. */
export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
  /** Fastify's: Node's request. */
  readonly raw?: unknown;
}

/** The parts of Node's requests, of HTTP/1 and HTTP/2, that show what was received. */
interface NodeRequest {
  readonly complete?: boolean;
  readonly readableLength?: number;
  readonly readableDidRead?: boolean;
  readonly stream?: { readonly endAfterHeaders?: boolean };
}

/** Whether a body came, or is to come, that is not in `request.body`: what the handler will find in it is not known yet. */
export function hasUnreadBody(request: ReceivedRequest): boolean {
  const { body, headers } = request;
  if (isStream(body)) return true;
  if (body === null) return isAnnounced(request) && !isJson(headers['content-type']);
  return body === undefined && isAnnounced(request);
}

function isAnnounced(request: ReceivedRequest): boolean {
  const { headers } = request;
  const length = headers['content-length'];
  if (length !== undefined) return Number(length) !== 0;
  // Express's request is Node's own; where a test has put another object there, all of it is optional.
  const node = (request.raw ?? request) as NodeRequest;
  if (headers['transfer-encoding'] !== undefined) return !isKnownToBeEmpty(node);
  // HTTP/2 may send a body without announcing its length.
  return node.stream?.endAfterHeaders === false && !isKnownToBeEmpty(node);
}

/** All of it has arrived, and there is nothing to read and was nothing. */
function isKnownToBeEmpty({ complete, readableLength, readableDidRead }: NodeRequest): boolean {
  return complete === true && readableLength === 0 && readableDidRead === false;
}

/** A parser of Fastify's may hand on the request's own stream. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'pipe' in body && typeof body.pipe === 'function';
}

/** Where null can be what was sent. */
function isJson(type: string | undefined): boolean {
  return type !== undefined && /^application\/(?:[^;]+\+)?json\b/i.test(type);
}
