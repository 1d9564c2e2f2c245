import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { plainBody } from '../../../libs/redis-lock/src/idempotency/plain-body.js';
import type { StoredReply } from '../../../libs/redis-lock/src/idempotency/stored-reply.js';

const TEXT = Buffer.from('{"order":"42"}'.repeat(20));

function replyOf(body: Buffer, ...codings: string[]): StoredReply {
  return {
    status: 201,
    headers: [
      ['Content-Type', 'application/json'],
      ...codings.map((coding) => ['Content-Encoding', coding] as const),
      ['Vary', 'Accept-Encoding'],
    ],
    body,
  };
}

const PLAIN = replyOf(TEXT);

describe('a client that does not accept the coding gets the plain body:', () => {
  it.each([
    ['gzip', replyOf(gzipSync(TEXT), 'gzip')],
    ['gzip by its old name', replyOf(gzipSync(TEXT), 'X-Gzip')],
    ['br', replyOf(brotliCompressSync(TEXT), 'br')],
    ['deflate', replyOf(deflateSync(TEXT), 'deflate')],
    ['deflate without its envelope', replyOf(deflateRawSync(TEXT), 'deflate')],
    ['several in one line', replyOf(brotliCompressSync(gzipSync(TEXT)), 'gzip, br')],
    ['several lines', replyOf(brotliCompressSync(gzipSync(TEXT)), 'gzip', 'BR')],
    ['identity among them', replyOf(gzipSync(TEXT), 'identity, gzip')],
  ])('%s', async (_what, reply) => {
    expect(await plainBody(reply, 'identity')).toEqual(PLAIN);
  });
});

describe('of a gzip reply', () => {
  const reply = replyOf(gzipSync(TEXT), 'gzip');

  it.each(['gzip', 'GZIP', 'x-gzip', 'br, gzip', 'gzip;q=0.001', 'gzip; q=1.0', '*', 'br;q=1,*;q=0.1', 'gzip, *;q=0', 'gzip;level=0'])(
    'a client that sends %j gets it as it is',
    async (acceptEncoding) => {
      expect(await plainBody(reply, acceptEncoding)).toBe(reply);
    },
  );

  it.each([undefined, '', 'identity', 'br', 'deflate, br', 'gzip;q=0', 'gzip; q=0.000', 'gzip ; Q=0', '*;q=0', '*, gzip;q=0', 'gzipped'])(
    'a client that sends %j gets it plain',
    async (acceptEncoding) => {
      expect(await plainBody(reply, acceptEncoding)).toEqual(PLAIN);
    },
  );

  it('one that accepts neither the coding nor none gets what anybody can read', async () => {
    expect(await plainBody(reply, 'br, identity;q=0')).toEqual(PLAIN);
  });
});

describe('a reply stays as it is', () => {
  it.each([
    ['without a coding', PLAIN],
    ['with no coding but identity', replyOf(TEXT, 'identity')],
    ['without a body', replyOf(Buffer.alloc(0), 'gzip')],
    ['with a coding that is not known', replyOf(gzipSync(TEXT), 'zstd')],
    ['with one known and one not', replyOf(gzipSync(TEXT), 'zstd, gzip')],
    ['whose coding is not what it says', replyOf(TEXT, 'gzip')],
    ['that breaks off', replyOf(gzipSync(TEXT).subarray(0, 20), 'gzip')],
    ['that would become too large', replyOf(gzipSync(Buffer.alloc(65 * 1_048_576)), 'gzip')],
  ])('%s', async (_what, reply) => {
    // Not toBe(): it would write out 65 MB to show a difference.
    expect((await plainBody(reply, 'identity')) === reply).toBe(true);
  });
});
