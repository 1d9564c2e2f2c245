import { LockOptionsError, parseDuration, type Duration } from 'nestjs-redis-lock';

describe('parseDuration', () => {
  it.each<[string | number, number]>([
    [0, 0],
    [1_500, 1_500],
    [0.4, 1],
    [1.2, 2],
    [2_147_483_647, 2_147_483_647],
    ['0', 0],
    ['1500', 1_500],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['0.5m', 30_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
    ['0s', 0],
    ['007s', 7_000],
    [' 10s ', 10_000],
    ['0.1ms', 1],
  ])('%j is %d ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each<unknown>([
    ...[-1, NaN, Infinity, -Infinity, 2_147_483_648, 1e300],
    ...[
      '',
      ' ',
      's',
      '10 s',
      '10sec',
      '10S',
      '-5s',
      '+5s',
      '1e3',
      '1e3s',
      '.5s',
      '5.s',
      '1,5s',
      '10d',
      '1h30m',
      '0x10',
      '５s',
      'Infinity',
      '600h',
    ],
    ...[undefined, null, true, {}, [], ['10s'], new Date(), 10n, Symbol('10s')],
  ])('%p is none, and the message says what to write', (value) => {
    // What an untyped caller may pass.
    expect(() => parseDuration(value as string, 'ttl')).toThrow(LockOptionsError);
    expect(() => parseDuration(value as string, 'ttl')).toThrow(/^ttl: .* is not a duration .*'250ms', '10s', '5m', '1h'/s);
  });

  it('names what it reads', () => {
    expect(() => parseDuration('soon')).toThrow(/^duration: 'soon'/);
  });

  it('a wrong unit does not compile', () => {
    const right: Duration[] = [5, '5ms', '5s', '5m', '5h', '1.5s'];
    // @ts-expect-error There are no days.
    const wrong: Duration = '5d';
    expect(right.map((duration) => parseDuration(duration))).toHaveLength(6);
    expect(() => parseDuration(wrong)).toThrow(LockOptionsError);
  });
});
