import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';

/**
 * A stream as a handler's result is read here, up to `maxBody`: Nest destroys it when the client goes, and the reply would be lost. A longer one is
 * handed on, as far as it was read and what comes after; it is not kept anyway. Other results pass.
 */
export async function detachFromClient(result: unknown, maxBody: number): Promise<unknown> {
  if (result instanceof StreamableFile) return detachFile(result, maxBody);
  if (!(result instanceof Readable)) return result;
  const { start, rest } = await readStart(result, maxBody);
  return rest === undefined ? Readable.from([start], { objectMode: false }) : longStream(start, rest);
}

async function detachFile(file: StreamableFile, maxBody: number): Promise<StreamableFile> {
  const { options } = file;
  try {
    const { start, rest } = await readStart(file.getStream(), maxBody);
    if (rest === undefined) return new StreamableFile(start, options);
    return new StreamableFile(longStream(start, rest), options).setErrorHandler(file.errorHandler);
  } catch {
    // Nest answers for a stream that has failed before it was sent.
    return file;
  }
}

async function readStart(stream: Readable, maxBody: number): Promise<{ start: Buffer; rest: AsyncIterator<unknown> | undefined }> {
  const iterator: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let size = 0;
  while (size <= maxBody) {
    const next = await iterator.next();
    if (next.done === true) return { start: Buffer.concat(chunks), rest: undefined };
    const { value } = next;
    const chunk = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array); // what a byte stream yields
    chunks.push(chunk);
    size += chunk.length;
  }
  return { start: Buffer.concat(chunks), rest: iterator };
}

function longStream(start: Buffer, rest: AsyncIterator<unknown>): Readable {
  const whole = async function* (): AsyncGenerator {
    yield start;
    yield* { [Symbol.asyncIterator]: () => rest };
  };
  return Readable.from(whole(), { objectMode: false });
}
