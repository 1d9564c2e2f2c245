import { LockOptionsError } from 'nestjs-redis-lock';
import { canonicalJson } from '../../../libs/redis-lock/src/idempotency/canonical-json.js';
import { Dice } from '../../simulation/support/dice.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('equal values have one text', () => {
  it.each<[string, unknown, unknown]>([
    ['members in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['undefined members', { a: 1, b: undefined }, { a: 1 }],
    ['methods and symbols', { a: 1, b: () => 1, c: Symbol('c'), [Symbol('d')]: 1 }, { a: 1 }],
    ['undefined in lists', [1, undefined, () => 1], [1, null, null]],
    ['holes in lists', new Array(2), [null, null]],
    ['numbers', 1, 1.0],
    ['zero', -0, 0],
    ['dates', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ['toJSON, which gets the name', { x: { toJSON: (name: string) => name } }, { x: 'x' }],
    ['boxes', [Object('a'), Object(1), Object(true)], ['a', 1, true]],
    ['objects without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ['objects of a class', Object.assign(new (class Order {})(), { a: 1 }), { a: 1 }],
    ['bytes of any view', Buffer.from([1, 2]), bytes(1, 2)],
    ['bytes in an ArrayBuffer', bytes(1, 2).buffer, bytes(1, 2)],
    ['bytes of a part', new DataView(bytes(0, 1, 2, 0).buffer, 1, 2), bytes(1, 2)],
  ])('%s', (_what, one, other) => {
    expect(canonicalJson(one)).toBe(canonicalJson(other));
  });
});

it('values that differ have texts that differ', () => {
  const values: unknown[] = [
    ...[null, true, false, 'true', 'null', '', ' ', 'a', 'A', 'é', 'e\u0301'],
    ...[0, 1, '1', 1n, '1n', 10, 1.5, NaN, 'NaN', Infinity, -Infinity, 1e21, '1e21'],
    ...['\ud800', '\udfff', '\ufffd', '\\ud800', '"', '\\"', '\n', '\\n'],
    ...[[], {}, [[]], [{}], [null], [1, 2], [2, 1], ['1', 2], [[1], 2], [1, [2]], ['1,2'], '[]', '{}'],
    ...[{ a: 1 }, { a: '1' }, { a: null }, { b: 1 }, { a: { b: 1 } }, { 'a.b': 1 }, { 'a":1,"b': 1 }, { a: 1, b: 1 }],
    ...[JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":{"a":1}}'), { constructor: 1 }],
    ...[bytes(), bytes(0), bytes(1), bytes(0, 0), [1], 'AQ==', '#1:', canonicalJson(bytes(1))],
  ];
  const texts = values.map(canonicalJson);
  const met = texts.flatMap((text, i) => (texts.indexOf(text) === i ? [] : [[values[texts.indexOf(text)], values[i]]]));
  expect(met).toEqual([]);
});

it('sorts names by code unit, as digits too', () => {
  expect(canonicalJson({ b: 0, a: 0, B: 0, 10: 0, 9: 0, '\ud83d\ude00': 0, '\uff5e': 0 })).toBe(
    '{"10":0,"9":0,"B":0,"a":0,"b":0,"\ud83d\ude00":0,"\uff5e":0}',
  );
});

it('is JSON that means the same, for whatever JSON can hold', () => {
  const seed = Number(process.env['CANONICAL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const dice = new Dice(seed);
  const text = (): string =>
    Array.from({ length: dice.whole(0, 120) === 0 ? 150 : dice.whole(0, 4) }, () =>
      dice.pick('a', '"', '\\', '\n', '\u007f', 'é', '\ud800', '🛒', '__proto__'),
    ).join('');
  const value = (depth: number): unknown => {
    const kind = dice.whole(0, depth > 4 ? 3 : 5);
    if (kind === 0) return dice.pick<unknown>(null, true, false);
    if (kind === 1) return dice.pick(0, -1, 1.25, 1e300, 5e-324, dice.roll());
    if (kind < 4) return text();
    const size = dice.whole(0, 4);
    if (kind === 4) return Array.from({ length: size }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: size }, () => [text(), value(depth + 1)]));
  };
  for (let i = 0; i < 3_000; i++) {
    // As a body comes: __proto__ is an own member.
    const root: unknown = JSON.parse(JSON.stringify(value(0)));
    const canonical = canonicalJson(root);
    expect({ seed, value: JSON.parse(canonical) }).toEqual({ seed, value: root });
    expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
  }
});

describe('what JSON does not show', () => {
  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['function', () => () => 1],
    ['symbol', () => Symbol('s')],
    ['Promise', () => Promise.resolve(1)],
    ['Promise', () => Promise.reject(new Error('nobody waits for it'))],
    ['Map', () => new Map([[1, 2]])],
    ['Set', () => ({ in: [new Set([1])] })],
    ['RegExp', () => /a/],
    ['Error', () => new Error('a')],
    ['URLSearchParams', () => new URLSearchParams('a=1')],
    ['FormData', () => new FormData()],
    ['Blob', () => new Blob(['a'])],
    ['Generator', () => (function* () {})()],
  ])('is refused: %s', (kind, make) => {
    expect(() => canonicalJson(make())).toThrow(LockOptionsError);
    expect(() => canonicalJson(make())).toThrow(`a value of type ${kind} cannot be compared.`);
  });

  it('passes on what a member throws', () => {
    const own = new RangeError('mine');
    const value = {
      get a(): never {
        throw own;
      },
    };
    expect(() => canonicalJson(value)).toThrow(own);
  });
});

describe('depth', () => {
  it('has no bound: a client may nest what it sends', () => {
    const depth = 100_000;
    const text = `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`;
    expect(canonicalJson(JSON.parse(text)) === text).toBe(true);
  });

  it.each([1, 2, 63, 64, 65, 1_000])('a value that contains itself, after %d levels, is refused', (levels) => {
    const root: { next?: object } = {};
    let last = root;
    for (let i = 1; i < levels; i++) last = last.next = {};
    last.next = root;
    expect(() => canonicalJson({ before: [root] })).toThrow(LockOptionsError);
    expect(() => canonicalJson({ before: [root] })).toThrow('a value that contains itself');
  });

  it('a value may be in two places', () => {
    const twice = { a: 1 };
    expect(canonicalJson([twice, twice, { twice }])).toBe('[{"a":1},{"a":1},{"twice":{"a":1}}]');
  });
});

it('takes little time for a body of 500 bytes', () => {
  const item = { sku: 'SKU-1', quantity: 2, price: 1299.5, gift: false };
  const body = { orderNo: 'A-2024-000123', customer: { id: '4f6c2d1e', name: 'Zoë' }, items: Array.from({ length: 7 }, () => item) };
  expect(JSON.stringify(body).length).toBeGreaterThan(450);
  const rounds = 2_000;
  const since = performance.now();
  for (let i = 0; i < rounds; i++) canonicalJson(body);
  // About 5 µs each; a bound that only a mistake in the method reaches.
  expect((performance.now() - since) / rounds).toBeLessThan(0.5);
});
