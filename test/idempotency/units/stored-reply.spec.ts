import { LockStoreError } from 'nestjs-redis-lock';
import type { HeaderPair } from '../../../libs/redis-lock/src/idempotency/stored-headers.js';
import { decodeReply, encodeReply, type StoredReply } from '../../../libs/redis-lock/src/idempotency/stored-reply.js';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const latin1 = ALL_BYTES.subarray(0x80).toString('latin1');

const replies: [string, StoredReply][] = [
  ['nothing but a status', { status: 204, headers: [], body: Buffer.alloc(0) }],
  ['JSON', { status: 201, headers: [['Content-Type', 'application/json']], body: Buffer.from('{"a":1}') }],
  ['any bytes', { status: 200, headers: [['content-type', 'application/octet-stream']], body: ALL_BYTES }],
  [
    'several lines of one name, in their order',
    {
      status: 200,
      headers: [
        ['Link', '</a>; rel="next"'],
        ['Set-Cookie', 'a=1'],
        ['Link', '</b>'],
        ['link', '</c>'],
        ['Set-Cookie', 'b=2, c'],
      ],
      body: Buffer.from('\n: \r\n'),
    },
  ],
  [
    'odd values',
    {
      status: 999,
      headers: [
        ['X-Empty', ''],
        ['X-Colon', ': a: b'],
        ['X-Space', '  a  '],
        ['X-Tab', '\t'],
        ['X-Latin', latin1],
      ],
      body: Buffer.alloc(0),
    },
  ],
  ['headers longer than 64 kB', { status: 200, headers: [['X-Long', 'x'.repeat(100_000)]], body: Buffer.from('b') }],
];

describe('a reply comes back as it was stored:', () => {
  it.each(replies)('%s', (_what, reply) => {
    expect(decodeReply(encodeReply(reply))).toEqual(reply);
  });
});

it('the body is not copied when it is read', () => {
  const stored = encodeReply({ status: 200, headers: [['A', 'b']], body: ALL_BYTES });
  expect(decodeReply(stored).body.buffer).toBe(stored.buffer);
});

it('costs 6 bytes and 3 for each header', () => {
  expect(encodeReply({ status: 200, headers: [['A', 'b']], body: Buffer.from('c') })).toEqual(
    Buffer.from('\0\xc8\0\0\0\x05A: b\nc', 'latin1'),
  );
});

it.each<[string, HeaderPair]>([
  ['a line break in a value', ['X', 'a\nY: b']],
  ['a carriage return in a value', ['X', 'a\rb']],
  ['a NUL in a value', ['X', 'a\0']],
  ['a character beyond Latin-1', ['X', '订']],
  ['a colon in a name', ['X: Y', 'a']],
  ['a name that is empty', ['', 'a']],
])('%s is not stored', (_what, header) => {
  expect(() => encodeReply({ status: 200, headers: [header], body: ALL_BYTES })).toThrow(LockStoreError);
});

it.each([0, 99, 1_000, 200.5, NaN])('the status %d is not stored', (status) => {
  expect(() => encodeReply({ status, headers: [], body: ALL_BYTES })).toThrow(LockStoreError);
});

describe('what is no reply is refused:', () => {
  const good = encodeReply({ status: 200, headers: [['Content-Type', 'text/plain']], body: Buffer.alloc(0) });
  const changed = (at: number, byte: number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = byte;
    return copy;
  };

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['too short', good.subarray(0, 5)],
    ['JSON', Buffer.from('{"status":200}')],
    ['zeros', Buffer.alloc(64)],
    ['no status', changed(0, 0xff)],
    ['headers that end early', good.subarray(0, -1)],
    ['headers of another length', changed(5, 5)],
    ['a length beyond the end', changed(2, 0x7f)],
    ['a header without a name', changed(6, 0x20)],
    ['a header without an end to its name', changed(18, 0x2d)],
    ['a control character in a value', changed(22, 0x00)],
  ])('%s', (_what, stored) => {
    expect(() => decodeReply(stored)).toThrow(LockStoreError);
    expect(() => decodeReply(stored)).toThrow(/^The stored reply cannot be read: /);
  });
});
