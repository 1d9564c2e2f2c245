import { Limited, LockKeyError, LockOptionsError, ReadLocked, WriteLocked, type LimitedOptions } from 'nestjs-redis-lock';

type Untyped = (key: unknown, options?: unknown) => MethodDecorator;

// As untyped code sees them.
const readLocked = ReadLocked as unknown as Untyped;
const writeLocked = WriteLocked as unknown as Untyped;
const limited = Limited as unknown as Untyped;

/** Defines a class that has the decorator on a method with one parameter. */
function define(decorator: MethodDecorator): () => unknown {
  return () => {
    class Service {
      @decorator
      async run(id: string): Promise<string> {
        return id;
      }
    }
    return Service;
  };
}

describe.each([
  ['@ReadLocked', readLocked],
  ['@WriteLocked', writeLocked],
])('%s is refused when the class is defined', (name, decorator) => {
  it.each<[string, unknown, RegExp]>([
    ['the mode that its name says', { mode: name === '@ReadLocked' ? 'read' : 'write' }, /mode: @ReadLocked reads and @WriteLocked writes/],
    ['another mode', { ttl: '10s', mode: 'exclusive' }, /mode: .* write @Locked, which takes a mode\./],
    ['a mode that is none', { mode: null }, /mode: @ReadLocked reads/],
    ['a limit', { limit: 5 }, /Unknown option 'limit'\. There are: ttl, wait, renew, .*label, onBusy, message, connection\./],
    ['a wrong unit', '10 parsecs', /ttl: '10 parsecs' is not a duration/],
    ['a wrong onBusy', { onBusy: 'ignore' }, /onBusy: write 'throw', 'skip', or a function/],
    ['null', null, /write a ttl, '10s', or options/],
    ['a list', ['10s'], /write a ttl, '10s', or options/],
  ])('with %s', (_what, options, message) => {
    const definition = define(decorator('a', options));
    expect(definition).toThrow(LockOptionsError);
    expect(definition).toThrow(message);
    expect(definition).toThrow(new RegExp(`^${name} on Service\\.run: `));
  });

  it('with a template that names nobody, alone or in a list', () => {
    for (const key of ['a:{nobody}', ['a:{id}', 'a:{nobody}']]) {
      expect(define(decorator(key))).toThrow(new RegExp(`^${name} on Service\\.run: no parameter is called 'nobody'`));
    }
    expect(define(decorator(['a:{id}', 'b:{0}']))).not.toThrow();
  });

  it('but not with what some module allows', () => {
    for (const options of [undefined, {}, { mode: undefined }, 5_000, '20h', { ttl: '20h', wait: 0, onBusy: 'skip' }]) {
      expect(define(decorator('a', options))).not.toThrow();
    }
  });
});

describe('@Limited is refused when the class is defined', () => {
  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /write options that say the limit, \{ limit: 5 \}/],
    ['a ttl alone', '10s', /write options that say the limit, .* a ttl stands beside it, \{ limit: 5, ttl: '10s' \}/],
    ['a number alone', 5, /write options that say the limit/],
    ['null', null, /write options that say the limit/],
    ['a list', [5], /write options that say the limit/],
    ['no limit', { ttl: '10s' }, /limit: write .* from 1 to/],
    ['a limit of undefined', { limit: undefined }, /limit: write/],
    ['a limit of null', { limit: null }, /limit: write/],
    ['a limit of 0', { limit: 0 }, /limit: write/],
    ['a negative limit', { limit: -1 }, /limit: write/],
    ['half a permit', { limit: 1.5 }, /limit: write/],
    ['a limit of NaN', { limit: Number.NaN }, /limit: write/],
    ['a limit without end', { limit: Number.POSITIVE_INFINITY }, /limit: write/],
    ['too high a limit', { limit: 1_000_001 }, /limit: write/],
    ['a limit that is text', { limit: '5' }, /limit: write/],
    ['a mode', { limit: 5, mode: 'read' }, /mode: a permit has none\. .* write @Locked, which takes a mode and no limit\./],
    ['a mode and no limit', { mode: 'exclusive' }, /mode: a permit has none/],
    ['an unknown option', { limit: 5, onBussy: 'skip' }, /Unknown option 'onBussy'\. There are: limit, ttl, wait, renew, .*connection\./],
    ['a wrong ttl', { limit: 5, ttl: '10 parsecs' }, /ttl: '10 parsecs' is not a duration/],
    ['a wrong wait', { limit: 5, wait: null }, /wait: null/],
    ['a wrong message', { limit: 5, message: '' }, /message: write the text/],
    ['a wrong connection', { limit: 5, connection: 7 }, /connection: write the name/],
  ])('with %s', (_what, options, message) => {
    const definition = define(limited('a', options));
    expect(definition).toThrow(LockOptionsError);
    expect(definition).toThrow(message);
    expect(definition).toThrow(/^@Limited on Service\.run: /);
  });

  it.each([
    ['a list of templates', ['a', 'b'], /the key is a template .* @Limited takes one key\.$/],
    ['a list of one', ['a'], /@Limited takes one key\.$/],
    ['a number', 42, /the key is a template/],
    ['a template that names nobody', 'a:{nobody}', /no parameter is called 'nobody'/],
    ['an async function', async () => 'a', /must return the key itself, not a promise/],
  ])('with %s as its key', (_what, key, message) => {
    const definition = define(limited(key, { limit: 5 }));
    expect(definition).toThrow(LockOptionsError);
    expect(definition).toThrow(message);
  });

  it('with text no key may contain', () => {
    expect(define(limited('~1:{id}', { limit: 5 }))).toThrow(LockKeyError);
  });

  it('but not with what some module allows', () => {
    const right: LimitedOptions[] = [
      { limit: 1 },
      { limit: 1_000_000, mode: undefined },
      { limit: 5, ttl: '20h', wait: { retries: 1, delay: 5 }, renew: false, onBusy: 'skip', message: 'later', connection: 'jobs' },
    ];
    for (const options of right) expect(define(limited('a:{id}', options))).not.toThrow();
  });

  it('on what is no method', () => {
    const onStatic = (): unknown => {
      class Service {
        @limited('a', { limit: 5 })
        static async run(): Promise<void> {}
      }
      return Service;
    };
    expect(onStatic).toThrow(/^@Limited on Service\.run: a static method/);
  });
});
