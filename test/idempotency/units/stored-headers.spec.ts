import { LockOptionsError, type IdempotencyOptions } from 'nestjs-redis-lock';
import { headersToStore, storedHeaders, type HeaderPair } from '../../../libs/redis-lock/src/idempotency/stored-headers.js';

const FRAMING = [
  ...['Connection', 'Keep-Alive', 'Proxy-Authenticate', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'],
  ...['Content-Length', 'Idempotent-Replayed', 'Idempotency-Status'],
];
const LEFT_OUT = [
  ...['Date', 'Age', 'Via', 'Server', 'X-Powered-By', 'Set-Cookie'],
  ...['X-Request-Id', 'Request-Id', 'X-Correlation-Id', 'X-Trace-Id', 'traceparent', 'tracestate', 'X-B3-SpanId', 'Server-Timing'],
  ...['X-Amzn-Trace-Id', 'x-amzn-RequestId', 'X-Cloud-Trace-Context', 'CF-Ray', 'X-Response-Time'],
  ...['RateLimit', 'RateLimit-Policy', 'RateLimit-Remaining', 'X-RateLimit-Limit', 'X-Rate-Limit-Reset'],
  ...['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers'],
];
const KEPT = [
  ...['Content-Type', 'Content-Encoding', 'Content-Disposition', 'Content-Language', 'Location', 'Link', 'ETag', 'Last-Modified'],
  ...['Retry-After', 'Cache-Control', 'Vary', 'WWW-Authenticate', 'X-Order-No', 'X-Request', 'Dates', 'Proxy', 'X-Total-Count'],
];

const anyCase = (names: string[]): string[] => names.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]);
const wrong = (options: unknown) => () => storedHeaders(options, 'headers');

describe('headers that are kept', () => {
  const isStored = storedHeaders(undefined, 'headers');

  it.each(anyCase(KEPT))('%s is', (name) => expect(isStored(name)).toBe(true));
  it.each(anyCase([...FRAMING, ...LEFT_OUT]))('%s is not', (name) => expect(isStored(name)).toBe(false));
});

it.each(LEFT_OUT)('allow keeps %s, deny wins over allow', (name) => {
  const options: IdempotencyOptions['headers'] = { allow: [name.toUpperCase()] };
  expect(storedHeaders(options, 'headers')(name)).toBe(true);
  expect(storedHeaders({ ...options, deny: [name] }, 'headers')(name)).toBe(false);
});

it.each(KEPT)('deny leaves %s out', (name) => {
  expect(storedHeaders({ deny: [name.toLowerCase()] }, 'headers')(name)).toBe(false);
});

it.each(anyCase(FRAMING))('allow cannot keep %s, and says so', (name) => {
  expect(wrong({ allow: [name] })).toThrow(LockOptionsError);
  expect(wrong({ allow: [name] })).toThrow(/^headers\.allow: '.*' belongs to one message/);
  expect(storedHeaders({ deny: [name] }, 'headers')(name)).toBe(false);
});

it.each<[unknown, RegExp]>([
  ['set-cookie', /^headers: write which/],
  [['set-cookie'], /^headers: write which/],
  [1, /^headers: write which/],
  [{ allowed: [] }, /^headers: there is no 'allowed'/],
  [{ allow: 'set-cookie' }, /^headers\.allow: write a list/],
  [{ deny: { etag: true } }, /^headers\.deny: write a list/],
  [{ allow: ['set cookie'] }, /^headers\.allow: 'set cookie' is not the name/],
  [{ deny: [''] }, /^headers\.deny: '' is not the name/],
  [{ deny: [1n] }, /^headers\.deny: a value of type bigint is not the name/],
])('%p is refused', (options, message) => {
  expect(wrong(options)).toThrow(LockOptionsError);
  expect(wrong(options)).toThrow(message);
});

describe('the headers of a reply', () => {
  const headers: HeaderPair[] = [
    ['Content-Type', 'text/plain'],
    ['Link', '</a>'],
    ['Set-Cookie', 'a=1'],
    ['link', '</b>'],
    ['X-Hop', '1'],
    ['Connection', 'keep-alive, x-hop'],
    ['connection', 'X-Other-Hop'],
    ['X-OTHER-HOP', '2'],
  ];

  it('are kept in their order and case, less those that Connection names', () => {
    expect(headersToStore(headers, storedHeaders(undefined, 'headers'))).toEqual([
      ['Content-Type', 'text/plain'],
      ['Link', '</a>'],
      ['link', '</b>'],
    ]);
  });

  it('are not kept against Connection, even if allowed', () => {
    const isStored = storedHeaders({ allow: ['x-hop', 'set-cookie'] }, 'headers');
    expect(headersToStore(headers, isStored).map(([name]) => name)).toEqual(['Content-Type', 'Link', 'Set-Cookie', 'link']);
  });
});
