/** What write() and end() were given: `(chunk?, encoding?, callback?)`, each of which may be left out. */
export interface WrittenChunk {
  readonly bytes: Buffer | undefined;
  readonly callback: ((error?: Error | null) => void) | undefined;
}

/** Reads the arguments of write() and end(). */
export function readChunk(args: readonly unknown[]): WrittenChunk {
  const callback = args.find((value) => typeof value === 'function');
  const [chunk, encoding] = args;
  return {
    bytes: bytesOf(chunk, typeof encoding === 'string' ? encoding : 'utf8'),
    // Node's streams call it with an error or nothing.
    callback: callback as WrittenChunk['callback'],
  };
}

function bytesOf(chunk: unknown, encoding: string): Buffer | undefined {
  if (typeof chunk === 'string') return Buffer.from(chunk, Buffer.isEncoding(encoding) ? encoding : 'utf8');
  if (Buffer.isBuffer(chunk)) return chunk;
  // Whoever writes may use its memory again once the callback was called, which is before we pass it on.
  if (chunk instanceof Uint8Array) return Buffer.from(chunk);
  return undefined;
}
