import { readKeyHeader, type KeyHeader } from '../../../libs/redis-lock/src/idempotency/key-header.js';

const NAME = 'Idempotency-Key';

/** As a request that has this one line of the header. */
function read(value: string): KeyHeader {
  return readKeyHeader(value, ['Host', 'localhost', 'idempotency-key', value], NAME);
}

describe('the key in the header', () => {
  it.each([
    ['k', 'k'],
    ['"k"', 'k'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['  k\t', 'k'],
    [' "k" ', 'k'],
    ['" k "', ' k '],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', 'a\\b'],
    ['"\\\\\\""', '\\"'],
    ['"a, b"', 'a, b'],
    ['"a;b=c"', 'a;b=c'],
    ['a b', 'a b'],
    ['a\\b', 'a\\b'],
    ['k;a=b', 'k;a=b'],
    ['{order}:*~1', '{order}:*~1'],
    ['"{order}:*~1"', '{order}:*~1'],
    ["'k'", "'k'"],
    ['undefined', 'undefined'],
    ['"k";a', 'k'],
    ['"k";a=b', 'k'],
    ['"k"; a=1; b=-2.5;c="x;\\"y\\"";d=?1;e=:YWJj:;f=@1659578233;g=*tok/en:1', 'k'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('in %s is %s', (value, key) => {
    expect(read(value)).toEqual({ kind: 'key', key });
  });

  it.each([
    ['', /empty/],
    ['   ', /empty/],
    ['""', /empty/],
    ['"  "', /empty/],
    ['"";a=b', /empty/],
    ['k'.repeat(256), /255 octets/],
    [`"${'k'.repeat(256)}"`, /255 octets/],
    ['a\tb', /control/],
    ['a\u0000b', /control/],
    ['"a\u007fb"', /control/],
    ['clé', /non-ASCII/],
    ['"\u00e9"', /non-ASCII/],
    ['订单', /non-ASCII/],
    ['"k', /quotes/],
    ['"', /quotes/],
    ['k"', /quotes/],
    ['a"b', /quotes/],
    ['"a"b"', /quotes/],
    ['"a"b', /quotes/],
    ['"a" b', /quotes/],
    ['"a\\b"', /quotes/],
    ['"a\\"', /quotes/],
    ['"k";', /quotes/],
    ['"k";A=b', /quotes/],
    ['"k";a=', /quotes/],
    ['"k" ;a=b', /quotes/],
    ['"a", "b"', /quotes/],
    ['"a", "a"', /quotes/],
    ['a, a', /list/],
    ['a,b', /list/],
  ])('in %j is none', (value, reason) => {
    const found = read(value);
    expect(found).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('is missing where there is no such header', () => {
    expect(readKeyHeader(undefined, ['Host', 'localhost'], NAME)).toEqual({ kind: 'missing' });
  });

  it.each([
    ['in one case', ['Idempotency-Key', 'a', 'Idempotency-Key', 'b']],
    ['in two cases', ['Idempotency-Key', 'a', 'Host', 'x', 'IDEMPOTENCY-KEY', 'a']],
  ])('is refused when it was sent twice, %s', (_how, rawHeaders) => {
    // What Node makes of quoted keys would be refused in any case: these are the ones that only the raw lines tell.
    expect(readKeyHeader('a', rawHeaders, NAME)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/more than once/) });
  });

  it('is refused when it comes as a list of lines, and taken from a list of one', () => {
    expect(readKeyHeader(['a', 'b'], [], NAME)).toMatchObject({ kind: 'invalid' });
    expect(readKeyHeader(['a'], [], NAME)).toEqual({ kind: 'key', key: 'a' });
  });

  it('counts names, not values', () => {
    expect(readKeyHeader('a', ['X-Header', 'Idempotency-Key', 'Idempotency-Key', 'a'], NAME)).toEqual({ kind: 'key', key: 'a' });
  });

  it('is not repeated in what the client is told', () => {
    for (const value of ['"secret', 'secret,secret', 'secrét', 'secret'.repeat(50)]) {
      expect(JSON.stringify(read(value))).not.toContain('secr');
    }
  });

  it('takes no longer to refuse than it must', () => {
    const since = performance.now();
    expect(read(`"k"${';a="\\\\'.repeat(3_000)}`)).toMatchObject({ kind: 'invalid' });
    expect(read(`"${'\\"'.repeat(8_000)}`)).toMatchObject({ kind: 'invalid' });
    expect(read(`"k"${'; '.repeat(8_000)}`)).toMatchObject({ kind: 'invalid' });
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});
