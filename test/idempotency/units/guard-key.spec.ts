import { LockKeyError, LockOptionsError } from 'nestjs-redis-lock';
import { guardKey } from '../../../libs/redis-lock/src/idempotency/guard-key.js';
import { contextOf } from '../support/request-context.js';

const PLACE = '@PreventDuplicate on Orders.create';
const request = {
  headers: { 'x-request-id': 'r-1', 'x.dotted': 'd', 'x-blank': '' },
  params: { id: '7' },
  query: { page: '2', tag: ['a', 'b'] },
  body: { orderNo: 'A:1', count: 3, big: 5n, paid: false, note: '', nothing: null, customer: { id: 'c' }, ratio: NaN },
  user: { id: 9 },
  ip: '127.0.0.1',
};
const keyOf = (key: unknown, from: object = request): string => guardKey(key, PLACE)(contextOf(from));

describe('a template', () => {
  it.each([
    ['order:create:{headers.x-request-id}', 'order:create:r-1'],
    ['{headers.X-Request-ID}', 'r-1'],
    ['{headers.x.dotted}', 'd'],
    ['{params.id}/{query.page}', '7/2'],
    ['{query.tag.0}', 'a'],
    ['{body.orderNo}', 'A%3A1'],
    ['{body.count}-{body.big}-{body.paid}', '3-5-false'],
    ['{body.customer.id}', 'c'],
    ['{user.id}@{ip}', '9@127.0.0.1'],
    ['{{{ip}}}', '{127.0.0.1}'],
    ['nightly', 'nightly'],
  ])('%s makes %s', (template, key) => {
    expect(keyOf(template)).toBe(key);
  });

  it('takes a body or a user that is a value itself', () => {
    expect(keyOf('{body}|{user}', { ...request, body: 'text', user: 'u-1' })).toBe('text|u-1');
  });

  it('writes two lists of values so that they make two keys', () => {
    const of = (a: string, b: string): string => keyOf('{body.a}:{body.b}', { body: { a, b } });
    expect(of('x:y', 'z')).not.toBe(of('x', 'y:z'));
    const joined = (a: string, b: string): string => keyOf('{body.a}{body.b}', { body: { a, b } });
    expect(joined('xy', 'z')).not.toBe(joined('x', 'yz'));
  });

  it.each([
    ['{headers.x-missing}', 'undefined'],
    ['{headers.x-blank}', 'an empty string'],
    ['{body.note}', 'an empty string'],
    ['{body.nothing}', 'null'],
    ['{body.nothing.id}', 'null'],
    ['{body.customer}', 'an object'],
    ['{body.customer.name.first}', 'undefined'],
    ['{query.tag}', 'an object'],
    ['{body.ratio}', 'a number that is no value'],
    ['{user.toString}', 'a function that is no value'],
  ])('%s misses its value', (template, what) => {
    expect(() => keyOf(`a:${template}`)).toThrow(LockKeyError);
    expect(() => keyOf(`a:${template}`)).toThrow(
      `${PLACE}: ${template} in the template 'a:${template}' is ${what}; the handler was not run.`,
    );
  });

  it.each(['headers', 'params', 'query', 'body', 'user'])('misses its value in a request without %s', (root) => {
    expect(() => keyOf(`{${root}.id}`, {})).toThrow(LockKeyError);
  });

  it('says nothing of what a request holds', () => {
    expect(() => keyOf('{body.secret}', { body: { secret: { token: 'hush' } } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush'), key: undefined }),
    );
  });
});

describe('a function', () => {
  it('makes the key of its context', () => {
    const key = (context: ReturnType<typeof contextOf>): string =>
      `user:${String(context.switchToHttp().getRequest<typeof request>().user.id)}`;
    expect(keyOf(key)).toBe('user:9');
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['', 'an empty string'],
  ])('that returns %p has found no value', (value, what) => {
    expect(() => keyOf(() => value)).toThrow(LockKeyError);
    expect(() => keyOf(() => value)).toThrow(`${PLACE}: the key function returned ${what}`);
  });

  it.each<[string, () => unknown]>([
    ['a value of type number', () => 7],
    ['a value of type object', () => ['a']],
    ['a promise', () => Promise.resolve('a')],
    ['a promise', () => Promise.reject(new Error('nobody waits for it'))],
  ])('that returns %s is wrong', (what, key) => {
    expect(() => keyOf(key)).toThrow(LockOptionsError);
    expect(() => keyOf(key)).toThrow(`${PLACE}: key: the function returned ${what}. It must return text.`);
  });

  it('throws what it throws', () => {
    const own = new TypeError('no user');
    expect(() =>
      keyOf(() => {
        throw own;
      }),
    ).toThrow(own);
  });
});

describe('at start', () => {
  it.each<[unknown, RegExp]>([
    [undefined, /^key: nothing says what makes a request a duplicate\. Write a template/],
    ['', /^key: this is no key\. Write a template/],
    [1, /^key: this is no key\./],
    [['a'], /^key: this is no key\./],
    ['{cookies.id}', /^key: \{cookies\.id\} in the template .* There are: headers, params, query, body, user, ip\.$/],
    ['{orderNo}', /names nothing in a request/],
    ['{0}', /names nothing in a request/],
    ['{constructor.name}', /names nothing in a request/],
    ['{headers}', /is an object\. Write a path into it, such as \{headers\.id\}\.$/],
    ['{query}', /is an object/],
    ['{params}', /is an object/],
    ['{ip.v4}', /leads nowhere\. Write \{ip\}\.$/],
    ['{body.a', /^key: a '\{' in the template .* stands alone/],
    ['{}', /^key: '\{\}' in the template .* names nothing\. .*: headers, params, query, body, user, ip\.$/],
    [async () => 'a', /^key: the function must return the key itself, not a promise/],
  ])('%p is refused', (key, message) => {
    expect(() => guardKey(key, PLACE)).toThrow(LockOptionsError);
    expect(() => guardKey(key, PLACE)).toThrow(message);
  });
});
