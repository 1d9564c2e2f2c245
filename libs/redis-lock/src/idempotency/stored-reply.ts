import { LockStoreError } from '../errors/lock-store.error.js';
import { isFieldName } from './field-name.js';
import type { HeaderPair } from './stored-headers.js';

/** A reply as it was sent, less the headers that are not kept. */
export interface StoredReply {
  readonly status: number;
  /** In the order they were sent; several lines of one name stay several. */
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
}

/** Status (u16) and length of the headers (u32), big-endian; then the headers as `Name: value\n`, in Latin-1 as on the wire; then the body. */
const PREFIX_BYTES = 6;
const BEHIND_NAME = ': ';
const LINE_END = '\n';
/** What a header's value can be on the wire: no other control characters than the tab, and one octet each. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Writes a reply as it is stored. @throws LockStoreError for a status or a header that no HTTP message can have */
export function encodeReply({ status, headers, body }: StoredReply): Buffer {
  if (!isStatus(status)) throw new LockStoreError(`The reply cannot be stored: ${String(status)} is no status.`);
  const lines = headers.map(headerLine).join('');
  const start = Buffer.allocUnsafe(PREFIX_BYTES + lines.length);
  start.writeUInt16BE(status, 0);
  start.writeUInt32BE(lines.length, 2);
  start.write(lines, PREFIX_BYTES, 'latin1');
  return body.length === 0 ? start : Buffer.concat([start, body]);
}

/** Reads a stored reply; its body is a view into `stored`. @throws LockStoreError for what encodeReply() has not written */
export function decodeReply(stored: Buffer): StoredReply {
  if (stored.length < PREFIX_BYTES) throw unreadable();
  const status = stored.readUInt16BE(0);
  const bodyAt = PREFIX_BYTES + stored.readUInt32BE(2);
  if (!isStatus(status) || bodyAt > stored.length) throw unreadable();
  const lines = stored.toString('latin1', PREFIX_BYTES, bodyAt).split(LINE_END);
  if (lines.pop() !== '') throw unreadable();
  return { status, headers: lines.map(headerPair), body: stored.subarray(bodyAt) };
}

function headerLine([name, value]: HeaderPair): string {
  if (!isFieldName(name) || !VALUE.test(value)) {
    throw new LockStoreError(`The reply cannot be stored: its header ${JSON.stringify(name)} has characters that no header can have.`);
  }
  return name + BEHIND_NAME + value + LINE_END;
}

function headerPair(line: string): HeaderPair {
  const nameEnd = line.indexOf(BEHIND_NAME);
  const pair = [line.slice(0, Math.max(nameEnd, 0)), line.slice(nameEnd + BEHIND_NAME.length)] as const;
  if (!isFieldName(pair[0]) || !VALUE.test(pair[1])) throw unreadable();
  return pair;
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 100 && status <= 999;
}

function unreadable(): LockStoreError {
  return new LockStoreError(
    'The stored reply cannot be read: it is damaged, another program wrote it, or `decrypt` does not fit the `encrypt` it was stored with.',
  );
}
