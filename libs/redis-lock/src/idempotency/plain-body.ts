import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import type { StoredReply } from './stored-reply.js';

/** A larger body stays as it is: a few bytes can hold gigabytes. */
const LARGEST_BODY = 64 * 1_048_576;
/** A weight of nothing: the client does not take it (RFC 9110, section 12.4.2). */
const NOT_AT_ALL = /;\s*q=0(?:\.0*)?\s*(?:;|$)/i;

type Decode = (body: Buffer) => Promise<Buffer>;

const bounded = { maxOutputLength: LARGEST_BODY };
const gunzipped = promisify<Buffer, typeof bounded, Buffer>(gunzip);
const inflated = promisify<Buffer, typeof bounded, Buffer>(inflate);
const rawInflated = promisify<Buffer, typeof bounded, Buffer>(inflateRaw);
const unbrotlied = promisify<Buffer, typeof bounded, Buffer>(brotliDecompress);

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', (body) => gunzipped(body, bounded)],
  ['br', (body) => unbrotlied(body, bounded)],
  // Some senders leave the envelope of zlib away.
  ['deflate', (body) => (hasZlibHeader(body) ? inflated : rawInflated)(body, bounded)],
]);

/**
 * Takes the content coding (gzip, br, deflate) off a stored reply where the client that gets it does not accept it: it was stored as the first
 * client got it. Without an Accept-Encoding a client gets it plain too, which any client can read. A body that cannot be decoded, or is larger
 * than 64 MB, stays as it is: the first client has got nothing better.
 * @param acceptEncoding the request's header of this name
 */
export async function plainBody(reply: StoredReply, acceptEncoding: string | undefined): Promise<StoredReply> {
  const codings = codingsOf(reply);
  if (codings.length === 0 || reply.body.length === 0 || codings.every((coding) => isAccepted(coding, acceptEncoding))) return reply;
  const decoders = codings.map((coding) => DECODERS.get(coding));
  let { body } = reply;
  try {
    // The last one was put on last.
    for (const decode of decoders.reverse()) {
      if (decode === undefined) return reply;
      body = await decode(body);
    }
  } catch {
    return reply;
  }
  return { ...reply, headers: reply.headers.filter(([name]) => !isContentEncoding(name)), body };
}

function codingsOf({ headers }: StoredReply): string[] {
  return headers
    .filter(([name]) => isContentEncoding(name))
    .flatMap(([, value]) => value.split(','))
    .map(codingName)
    .filter((coding) => coding !== '' && coding !== 'identity');
}

/** By its own entry, else by that of `*`; what is not mentioned is not accepted. */
function isAccepted(coding: string, acceptEncoding = ''): boolean {
  const entries = acceptEncoding.split(',').map((entry) => {
    const [name = ''] = entry.split(';', 1);
    return { name: codingName(name), accepted: !NOT_AT_ALL.test(entry) };
  });
  const entry = entries.find(({ name }) => name === coding) ?? entries.find(({ name }) => name === '*');
  return entry?.accepted ?? false;
}

function codingName(text: string): string {
  const name = text.trim().toLowerCase();
  return name === 'x-gzip' ? 'gzip' : name;
}

function isContentEncoding(name: string): boolean {
  return name.toLowerCase() === 'content-encoding';
}

/** RFC 1950: the method is 8, and the two bytes are a multiple of 31. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && body.readUInt8(0) % 16 === 8 && body.readUInt16BE(0) % 31 === 0;
}
