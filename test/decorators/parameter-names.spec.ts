import { runInThisContext } from 'node:vm';
import { LockKey, Locked, LockOptionsError } from 'nestjs-redis-lock';

/** Compiles nothing: the names are read from exactly this text. */
function decorate(body: string, template: string, name: string | symbol = 'run'): void {
  // A class with one method, written below.
  const { prototype } = runInThisContext(`(class Service { ${body} })`) as { prototype: object };
  const key = typeof name === 'symbol' ? (Object.getOwnPropertySymbols(prototype)[0] ?? name) : name;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
  if (descriptor === undefined) throw new Error(`There is no ${String(key)} in ${body}`);
  const decorator: MethodDecorator = Locked(template);
  decorator(prototype, key, descriptor);
}

/** The names that the error for an unknown one lists. */
function namesIn(body: string, name?: string | symbol): string {
  try {
    decorate(body, '{thisNameIsUnknown}', name);
  } catch (error) {
    if (!(error instanceof LockOptionsError)) throw error;
    const [, names] = /There are: ([^.]*)\./.exec(error.message) ?? [];
    return names ?? error.message;
  }
  throw new Error('An unknown name was accepted.');
}

describe('the names of parameters are found', () => {
  it.each([
    ['run(a, b) {}', 'a, b'],
    ['run(a,b,) {}', 'a, b'],
    ['async run(a, b) {}', 'a, b'],
    ['run ( a , b ) { }', 'a, b'],
    ['run($a, _b, été, 商品, a1) {}', '$a, _b, été, 商品, a1'],
    ['run(a, ...rest) {}', 'a, rest'],
    ['run(a = 1, b) {}', 'a, b'],
    ['run(a = [1, 2], b = { c: 1, d: [3, 4] }, e = (f, g)) {}'.replace('(f, g)', '(1, 2)'), 'a, b, e'],
    ['run(a = (x, y) => x + y, b = function (p, q) { return [p, q]; }, c = class { m(z) {} }) {}', 'a, b, c'],
    [`run(a = ',', b = ")", c = 'it\\'s, (', d = "\\\\") {}`, 'a, b, c, d'],
    ['run(a = `,`, b = `)${[1, `}${"`"}`].join(",")}(`, c) {}', 'a, b, c'],
    ['run(a = `\\`,${{ x: 1 }.x}`, b) {}', 'a, b'],
    ['run(a = /[,)/]/, b = /\\/,\\)/g, c) {}', 'a, b, c'],
    ['run(a = 4 / 2, b = 6 / 3, c = 1) {}', 'a, b, c'],
    ['run(a = [4][0] / 2, b = (6) / 3, c) {}', 'a, b, c'],
    ['run(a = 1.5 / .5, b = 1e3 / 2, c = 1n) {}', 'a, b, c'],
    ['run(a = () => { if (true) /[,(]/.test(""); return /\\)/; }, b) {}', 'a, b'],
    ['run(a = typeof /,/, b = void /\\(/, c = { return: 1 }.return / 2, d = "/") {}', 'a, b, c, d'],
    ['run(a = (() => { let i = 0; return i++ / 2; })(), b) {}', 'a, b'],
    ['run(a /* , b */, // , c\n d /* ) */) {}', 'a, d'],
    ['run(/* a */ b = /* , */ 1, c) {}', 'b, c'],
    ['run({ x, y }, a) {}', 'a'],
    ['run({ x = 1, y: { z } = {} } = {}, [p, q] = [], a) {}', 'a'],
    ['run(a, { x }, ...[p, q]) {}', 'a'],
    ['run(async, get, set, of, from, let_, yield_) {}', 'async, get, set, of, from, let_, yield_'],
    ['run(a = async (x, y) => y, b = async function* (p, q) {}) {}', 'a, b'],
    ['run(a = new Map([[1, 2]]), b = new.target, c = this) {}', 'a, b, c'],
    ['run(a = b => c => [b, c], d) {}', 'a, d'],
    ['run(a = 1 > 2, b = 1 >= 2, c = 1 === 2 ? (3, 4) : 5, d = 1 << 2) {}', 'a, b, c, d'],
    ['run(a = x?.y, b = x ?? (1, 2), c = !x) {}'.replaceAll('x', 'globalThis'), 'a, b, c'],
    ['run(a) { return (b, c) => [a, b, c]; }', 'a'],
  ])('%s', (body, names) => {
    expect(namesIn(body)).toBe(names);
  });

  it.each([
    ['get(a, b) {}', 'get'],
    ['set(a, b) {}', 'set'],
    ['static(a, b) {}', 'static'],
    ['async(a, b) {}', 'async'],
    ['async async(a, b) {}', 'async'],
    ['async get(a, b) {}', 'get'],
    ['function(a, b) {}', 'function'],
    ['class(a, b) {}', 'class'],
    ['constructor_(a, b) {}', 'constructor_'],
    ['"quoted (name, x)"(a, b) {}', 'quoted (name, x)'],
    ["async 'it\\'s'(a, b) {}", "it's"],
    ['42(a, b) {}', '42'],
    ['["computed" + (1, 2)](a, b) {}', 'computed2'],
    ['async [`t${[1, 2].join(")")}`](a, b) {}', 't1)2'],
    ['[Symbol("s (x, y)")](a, b) {}', Symbol('s')],
    ['async /* (x, y) */ run // (z)\n (a, b) {}', 'run'],
    ['r\\u0075n(a, b) {}', 'run'],
  ])('in %s', (body, name) => {
    expect(namesIn(body, name)).toBe('a, b');
  });

  it('in functions that are no methods', () => {
    for (const text of [
      'function (a, b) {}',
      'function run(a, b) {}',
      'async function (a, b) {}',
      '(a, b) => {}',
      'async (a, b) => a',
      'async(a, b)=>a',
      '({ run(a, b) {} }).run',
    ]) {
      // A function, written just above.
      const value = runInThisContext(`(${text})`) as object;
      const decorator: MethodDecorator = Locked('{thisNameIsUnknown}');
      expect(() => decorator({ constructor: class Made {} }, 'run', { value })).toThrow(/There are: a, b\./);
    }
    const value = runInThisContext('(a => a)') as object;
    const decorator: MethodDecorator = Locked('{thisNameIsUnknown}');
    expect(() => decorator({ constructor: class Made {} }, 'run', { value })).toThrow(/There are: a\./);
  });
});

it('says so where there are none', () => {
  expect(namesIn('run() {}')).toMatch(/The method has no parameter with a name/);
  expect(namesIn('run({ a }) {}')).toMatch(/The method has no parameter with a name.*@LockKey/);
});

describe('a position', () => {
  it('must be one of the parameters', () => {
    expect(() => decorate('run(a, b = 1) {}', '{2}')).toThrow(/\{2\} .* there are \{0\} to \{1\}/);
    expect(() => decorate('run(a) {}', '{1}')).toThrow(/there is only \{0\}/);
    expect(() => decorate('run() {}', '{0}')).toThrow(/the method has no parameters/);
  });

  it('may be any where the method takes what comes', () => {
    expect(() => decorate('run(a, ...rest) {}', '{7}')).not.toThrow();
    expect(() => decorate('run(a) { return helper.apply(this, arguments); }', '{7}')).not.toThrow();
  });
});

describe('@LockKey', () => {
  it('names parameters that have no name of their own, and others once more', () => {
    const decorate = (template: string) => () => {
      class Service {
        @Locked(template)
        async run(@LockKey('order') { id }: { id: string }, @LockKey('who') user: string): Promise<unknown> {
          return [id, user];
        }
      }
      return Service;
    };
    expect(decorate('{order.id}:{who}:{user}')).not.toThrow();
    expect(decorate('{id}')).toThrow(/There are: who, order, user\./);
  });

  it('refuses what is no name, a name given twice, and places where no parameter is', () => {
    const named = (name: unknown) => () => {
      class Service {
        // As untyped code may write it.
        async run(@LockKey(name as string) _a: string, @LockKey('twice') _b: string): Promise<void> {}
      }
      return Service;
    };
    for (const name of ['', 'a.b', '{a}', '0', 'a b', 7, undefined]) {
      expect(named(name)).toThrow(LockOptionsError);
      expect(named(name)).toThrow(/write a name such as 'productId'/);
    }
    expect(named('twice')).toThrow(/two parameters have this name/);
    expect(() => {
      class Service {
        constructor(@LockKey('a') readonly a: string) {}
      }
      return Service;
    }).toThrow(/belongs on a parameter of a method, not of a constructor/);
    expect(() => {
      // As untyped code may write it.
      (LockKey('a') as unknown as MethodDecorator)({}, 'run', { value: () => undefined });
    }).toThrow(/belongs on a parameter of run, not on run itself/);
  });
});
