import { LockOptionsError, type IdempotencyOptions } from 'nestjs-redis-lock';
import { checkIdempotencyOptions, idempotencySettings } from '../../../libs/redis-lock/src/idempotency/idempotency-settings.js';
import { contextOf } from '../support/request-context.js';

const PLACE = '@Idempotent on Orders.create';
const reversed = (bytes: Buffer): Buffer => Buffer.from(bytes).reverse();
const settingsOf = (...layers: (IdempotencyOptions | undefined)[]): ReturnType<typeof idempotencySettings> =>
  idempotencySettings(layers, PLACE);
const context = contextOf({ user: { id: 'u-1' } });

it('has a default for everything but the scope', () => {
  const { scopeOf, isStored, ...rest } = settingsOf({ scope: 'global' });
  expect(rest).toEqual({
    ttlMs: 86_400_000,
    leaseMs: 30_000,
    header: 'Idempotency-Key',
    required: true,
    concurrency: 'reject',
    waitMs: 10_000,
    storeErrors: 'none',
    onLeaseExpired: 'retry',
    onStoreError: 'closed',
    fingerprint: undefined,
    maxBodyBytes: 262_144,
    encrypt: undefined,
    decrypt: undefined,
  });
  expect(scopeOf(context)).toBe('global');
  expect([isStored('ETag'), isStored('Set-Cookie')]).toEqual([true, false]);
});

it('takes every option', () => {
  const fingerprint = (): string => 'f';
  const { scopeOf, isStored, ...rest } = settingsOf({
    scope: (given) => given.switchToHttp().getRequest<{ user: { id: string } }>().user.id,
    ttl: '596h',
    lease: 100,
    header: 'X-Key',
    required: false,
    concurrency: 'wait',
    wait: 0,
    storeErrors: '4xx',
    onLeaseExpired: 'block',
    onStoreError: 'open',
    fingerprint,
    maxBody: '1.5kb',
    headers: { allow: ['Set-Cookie'], deny: ['ETag'] },
    encrypt: reversed,
    decrypt: reversed,
  });
  expect(rest).toEqual({
    ttlMs: 2_145_600_000,
    leaseMs: 100,
    header: 'X-Key',
    required: false,
    concurrency: 'wait',
    waitMs: 0,
    storeErrors: '4xx',
    onLeaseExpired: 'block',
    onStoreError: 'open',
    fingerprint,
    maxBodyBytes: 1_536,
    encrypt: reversed,
    decrypt: reversed,
  });
  expect(scopeOf(context)).toBe('u-1');
  expect([isStored('ETag'), isStored('Set-Cookie')]).toEqual([false, true]);
});

describe('layers', () => {
  it('the later one wins, option by option; undefined says nothing', () => {
    const module: IdempotencyOptions = { scope: 'global', ttl: '1h', header: 'X-Module', required: false };
    const settings = settingsOf(module, { ttl: '2h', header: 'X-Class' }, { header: 'X-Method', ttl: undefined });
    expect(settings).toMatchObject({ ttlMs: 7_200_000, header: 'X-Method', required: false });
    expect(module).toEqual({ scope: 'global', ttl: '1h', header: 'X-Module', required: false });
  });

  it('may all be missing but one', () => {
    expect(settingsOf(undefined, { scope: 'global' }, undefined).ttlMs).toBe(86_400_000);
  });

  it('are each checked, also where another one wins', () => {
    expect(() => settingsOf({ scope: 'global', ttl: 0 }, { ttl: '1h' })).toThrow(/^@Idempotent on Orders\.create: ttl: 0 ms is too short/);
  });

  it('give encrypt and decrypt together', () => {
    const both = { scope: 'global', encrypt: reversed, decrypt: reversed } as const;
    expect(() => settingsOf(both, { encrypt: reversed })).toThrow(`${PLACE}: decrypt: there is only encrypt.`);
    expect(() => settingsOf(both, { decrypt: reversed })).toThrow(`${PLACE}: encrypt: there is only decrypt.`);
  });
});

describe('lease and ttl', () => {
  it('the default lease gives way to a short ttl', () => {
    expect(settingsOf({ scope: 'global', ttl: '5s' })).toMatchObject({ ttlMs: 5_000, leaseMs: 5_000 });
  });

  it('a written lease may be as long as the ttl, and no longer', () => {
    expect(settingsOf({ scope: 'global', ttl: '5s', lease: '5s' }).leaseMs).toBe(5_000);
    expect(() => settingsOf({ scope: 'global', lease: '1m' }, { ttl: '5s' })).toThrow(
      /: lease: 60000 ms is more than ttl \(5000 ms\)\. .* raise ttl\.$/,
    );
  });
});

describe('the scope', () => {
  it('has no default: the message says what to write', () => {
    expect(() => settingsOf({ ttl: '1h' })).toThrow(LockOptionsError);
    expect(() => settingsOf()).toThrow(/^@Idempotent on Orders\.create: scope: nothing says .* scope: \(context\) => .* scope: 'global'/);
  });

  it.each<[unknown, RegExp]>([
    ['', /scope: an empty string is no scope/],
    ['Global', /scope: this text is no scope/],
    [1, /scope: a value of type number is no scope/],
    [async () => 'u-1', /scope: the function must return the scope itself, not a promise/],
  ])('%p is refused at start', (scope, message) => {
    expect(() => settingsOf({ scope } as IdempotencyOptions)).toThrow(LockOptionsError);
    expect(() => settingsOf({ scope } as IdempotencyOptions)).toThrow(message);
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['an empty string', () => ''],
    ['a value of type number', () => 7],
    ['a value of type object', () => ({ id: 'hush' })],
    ['a promise', () => Promise.resolve('u-1')],
    ['a promise', () => Promise.reject(new Error('nobody waits for it'))],
  ])('a function that returns %s is none: nobody shares one by mistake', (what, scope) => {
    const { scopeOf } = settingsOf({ scope } as IdempotencyOptions);
    expect(() => scopeOf(context)).toThrow(LockOptionsError);
    expect(() => scopeOf(context)).toThrow(`${PLACE}: scope: the function returned ${what}. It must return text that is not empty`);
  });

  it("a function may not return 'global', which has to be typed out", () => {
    const { scopeOf } = settingsOf({ scope: () => 'global' });
    expect(() => scopeOf(context)).toThrow(LockOptionsError);
    expect(() => scopeOf(context)).toThrow(`${PLACE}: scope: the function returned 'global', which is everybody's.`);
  });

  it('a function throws what it throws', () => {
    const own = new TypeError('no user');
    const { scopeOf } = settingsOf({
      scope: () => {
        throw own;
      },
    });
    expect(() => scopeOf(context)).toThrow(own);
  });
});

it.each<[string, number]>([
  ['1b', 1],
  ['512', 512],
  ['256KB', 262_144],
  [' 2mb ', 2_097_152],
  ['64mb', 67_108_864],
])('maxBody %s is %d bytes', (maxBody, bytes) => {
  // Text from configuration.
  expect(settingsOf({ scope: 'global', maxBody } as IdempotencyOptions).maxBodyBytes).toBe(bytes);
});

describe('what is wrong is refused, and the message says what to write:', () => {
  it.each<[string, unknown, RegExp]>([
    ['Ttl', '1h', /Unknown option 'Ttl'\. There are: scope, ttl, lease,/],
    ['toString', 1, /Unknown option 'toString'/],
    ['ttl', null, /^x: ttl: null says nothing; leave the option out\.$/],
    ['ttl', 0, /^x: ttl: 0 ms is too short; write at least '100ms'\.$/],
    ['ttl', '99ms', /ttl: 99 ms is too short/],
    ['ttl', '597h', /ttl: '597h' is not a duration \(0 to 24 days\)/],
    ['ttl', '1d', /ttl: '1d' is not a duration/],
    ['ttl', {}, /ttl: .* is not a duration/],
    ['lease', 99, /lease: 99 ms is too short/],
    ['lease', -1, /lease: -1 is not a duration/],
    ['wait', 'long', /wait: 'long' is not a duration/],
    ['header', '', /header: write the name of a header, such as 'Idempotency-Key'/],
    ['header', 'Idempotency Key', /header: write the name/],
    ['header', 'Key:', /header: write the name/],
    ['header', ['Key'], /header: write the name/],
    ['required', 'false', /required: write true or false/],
    ['concurrency', 'queue', /concurrency: write 'reject' or 'wait'/],
    ['storeErrors', true, /storeErrors: write 'none' or '4xx' or 'all'/],
    ['onLeaseExpired', 'fail', /onLeaseExpired: write 'retry' or 'block'/],
    ['onStoreError', 'toString', /onStoreError: write 'closed' or 'open'/],
    ['fingerprint', 'body', /fingerprint: write a function/],
    ['fingerprint', async () => 1, /fingerprint: the function must return the value itself, not a promise/],
    ['maxBody', 0, /maxBody: 0 is not a size/],
    ['maxBody', 0.5, /maxBody: 0\.5 is not a size/],
    ['maxBody', '65mb', /maxBody: '65mb' is not a size \(1 byte to 64 MB\)/],
    ['maxBody', '1gb', /maxBody: '1gb' is not a size/],
    ['maxBody', '', /maxBody: '' is not a size/],
    ['maxBody', NaN, /maxBody: NaN is not a size/],
    ['headers', { allow: 'etag' }, /headers\.allow: write a list/],
    ['headers', { allow: ['Content-Length'] }, /headers\.allow: 'content-length' belongs to one message/],
    ['encrypt', 'aes', /encrypt: write a function/],
    ['decrypt', true, /decrypt: write a function/],
  ])('%s %p', (name, value, message) => {
    const check = (): unknown => checkIdempotencyOptions({ [name]: value }, 'x');
    expect(check).toThrow(LockOptionsError);
    expect(check).toThrow(message);
    expect(check).toThrow(/^x: /);
  });

  it.each([null, [], 'global', 1, () => 1])('%p is no options', (options) => {
    expect(() => checkIdempotencyOptions(options, 'x')).toThrow(/^x: the options are an object, for instance/);
  });

  it('one layer may lack what another has', () => {
    expect(checkIdempotencyOptions({ ttl: '1h' }, 'x')).toEqual({ ttl: '1h' });
    expect(checkIdempotencyOptions({}, 'x')).toEqual({});
  });
});
