import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { LockOptionsError } from '../errors/lock-options.error.js';
import { bytesOf } from './bytes.js';

/** Where parsers leave what a multipart body holds. */
export interface ParsedMultipart {
  /** Multer: the fields. @fastify/multipart with `attachFieldsToBody`: fields and files. */
  readonly body?: unknown;
  /** Multer: the one file, or the files as a list or by field. @fastify/multipart has methods of these names. */
  readonly file?: unknown;
  readonly files?: unknown;
}

/**
 * What two multipart bodies must have in common, for canonicalJson(): the fields, and each file's field, name, type and bytes. The boundary, which
 * is another one in every request, and the names of temporary files are not in it.
 * @throws LockOptionsError for a file whose bytes cannot be had
 */
export async function multipartContent({ body, file, files }: ParsedMultipart): Promise<unknown> {
  return { fields: attachedFields(body), file: await uploaded(file), files: await uploaded(files) };
}

/** A file of multer's, a list of them, or lists by field; undefined where there are none. */
async function uploaded(found: unknown): Promise<unknown> {
  if (typeof found !== 'object' || found === null) return undefined;
  if (Array.isArray(found)) return inTurn(found, uploaded);
  if (!('fieldname' in found)) {
    const names = Object.keys(found);
    // By the names of its own members.
    const lists = await inTurn(names, (name) => uploaded((found as Record<string, unknown>)[name]));
    return names.map((name, i) => [name, lists[i]]);
  }
  const { fieldname, originalname, mimetype, buffer, path }: MulterFile = found;
  return { field: fieldname, name: originalname, type: mimetype, content: bytesOf(buffer) ?? (await contentAt(path, fieldname)) };
}

interface MulterFile {
  readonly fieldname?: unknown;
  readonly originalname?: unknown;
  readonly mimetype?: unknown;
  /** Of a file in memory. */
  readonly buffer?: unknown;
  /** Of a file on disk. */
  readonly path?: unknown;
}

async function contentAt(path: unknown, field: unknown): Promise<string> {
  if (typeof path !== 'string') throw unreadable(field);
  const sha256 = createHash('sha256');
  try {
    // Without an encoding a file's chunks are buffers.
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) sha256.update(chunk);
  } catch (error) {
    throw unreadable(field, error);
  }
  return sha256.digest('base64url');
}

/** The parts of @fastify/multipart lead back to the body that they are in. */
function attachedFields(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  return Object.entries(body).map(([name, value]) => [name, attachedPart(value)]);
}

function attachedPart(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(attachedPart);
  if (typeof part !== 'object' || part === null || !('fieldname' in part) || !('fields' in part)) return part;
  if (!('file' in part)) return 'value' in part ? part.value : undefined;
  const { fieldname, filename, mimetype, _buf }: AttachedFile = part;
  const content = bytesOf(_buf);
  if (content === undefined) throw unreadable(fieldname);
  return { name: filename, type: mimetype, content };
}

interface AttachedFile {
  readonly fieldname?: unknown;
  readonly filename?: unknown;
  readonly mimetype?: unknown;
  /** What toBuffer() has read; not there if `onFile` has led the file elsewhere. */
  readonly _buf?: unknown;
}

/** One after the other: a request must not open all its files at once. */
async function inTurn<T>(items: readonly T[], read: (item: T) => Promise<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const item of items) found.push(await read(item));
  return found;
}

function unreadable(field: unknown, cause?: unknown): LockOptionsError {
  return new LockOptionsError(`the content of the file in the field '${String(field)}' is not at hand.`, { cause });
}
