import { Injectable } from '@nestjs/common';
import { LockKey, LockKeyError, Locked, LockOptionsError } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed } from '../faults/support/until.js';
import { TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

interface Order {
  id: string | number | null;
  customer?: { id?: unknown };
  lines?: { sku: string }[];
}

@Injectable()
class Orders extends Watched {
  ran = 0;

  @Locked('order:{orderId}')
  async byName(orderId: unknown): Promise<unknown> {
    this.ran++;
    return orderId === undefined ? undefined : this.key();
  }

  @Locked('order:{order.id}:{order.customer.id}')
  async byPath(_kind: string, order: Order): Promise<unknown> {
    this.ran++;
    return [order, this.key()][1];
  }

  @Locked('order:{1.id}:{1.lines.0.sku}:{0}')
  async byPosition(_kind: string, _order: Order): Promise<unknown> {
    return this.key();
  }

  @Locked('order:{ids.0}:{ids.1}')
  async byRest(_kind: string, ...ids: string[]): Promise<unknown> {
    return [ids, this.key()][1];
  }

  @Locked('{{{tenant}}}:orders')
  async hashTag(tenant: string): Promise<unknown> {
    return [tenant, this.key()][1];
  }

  @Locked('order:{id}')
  async withDefault(id = 'a'): Promise<unknown> {
    return [id, this.key()][1];
  }

  @Locked('order:{order.id}:{second}')
  async named(@LockKey('order') { id }: Order, @LockKey('second') x: string): Promise<unknown> {
    return [id, x, this.key()][2];
  }

  @Locked((order: Order) => `made:${String(order.id)}`)
  async byFunction(_order: Order): Promise<unknown> {
    return this.key();
  }

  @Locked(function (this: Orders, id: string) {
    return `${this.constructor.name}:${id}`;
  })
  async byFunctionOfInstance(_id: string): Promise<unknown> {
    return this.key();
  }

  @Locked((value: unknown) => value as string)
  async byValue(_value: unknown): Promise<unknown> {
    return this.key();
  }
}

async function orders(): Promise<Orders> {
  return owned.add(await TestApp.start({ providers: [Orders] })).get(Orders);
}

describe('a placeholder', () => {
  it('is a name, a path, a position or one of the rest', async () => {
    const service = await orders();
    expect(await service.byName('42')).toBe('order:42');
    expect(await service.byPath('x', { id: 7, customer: { id: 'c' } })).toBe('order:7:c');
    expect(await service.byPosition('web', { id: 7, lines: [{ sku: 'a' }] })).toBe('order:7:a:web');
    expect(await service.byRest('x', 'a', 'b')).toBe('order:a:b');
    expect(await service.named({ id: 1 }, 'b')).toBe('order:1:b');
  });

  it('stands beside literal braces, as in a hash tag', async () => {
    expect(await (await orders()).hashTag('acme')).toBe('{acme}:orders');
  });

  it.each([
    ['text', 'a b', 'a b'],
    ['a UUID', '9b2f7c1e-4d0a-4a9c-8f3e-2b1a0c9d8e7f', '9b2f7c1e-4d0a-4a9c-8f3e-2b1a0c9d8e7f'],
    ['an address', 'ann+x@example.com', 'ann+x@example.com'],
    ['other scripts', '商品-é', '商品-é'],
    ['a pair of surrogates', '🛒', '🛒'],
    ['zero', 0, '0'],
    ['a negative fraction', -1.5, '-1.5'],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['false', false, 'false'],
    ['colons', 'a:b', 'a%3Ab'],
    ['braces', '{a}', '%7Ba%7D'],
    ['a percent sign', '50%', '50%25'],
    ['a tilde', '~a', '%7Ea'],
    ['control characters', 'a\n\u0085', 'a%0A%85'],
    ['half a surrogate pair', 'a\ud83d', 'a%uD83D'],
  ])('writes %s so that it can be read and told apart', async (_what, value, written) => {
    expect(await (await orders()).byName(value)).toBe(`order:${written}`);
  });

  it.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an empty string', '', 'an empty string'],
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['an object', { id: 1 }, 'an object'],
    ['an array', ['a'], 'an object'],
    ['a Date', new Date(), 'an object'],
    ['a function', () => 'a', 'a function'],
    ['a symbol', Symbol('a'), 'a symbol'],
  ])('that is %s rejects, and the method does not run', async (_what, value, described) => {
    const service = await orders();
    const { error } = await timed(service.byName(value));
    expect(error).toBeInstanceOf(LockKeyError);
    expect(error).toMatchObject({ code: 'LOCK_KEY' });
    expect((error as Error).message).toContain("@Locked on Orders.byName: {orderId} in the template 'order:{orderId}' is " + described);
    expect(service.ran).toBe(0);
  });

  it.each<[string, unknown]>([
    ['nothing at its beginning', undefined],
    ['nothing on its way', { id: 1 }],
    ['null on its way', { id: 1, customer: null }],
    ['nothing at its end', { id: 1, customer: {} }],
    ['an object at its end', { id: 1, customer: { id: {} } }],
  ])('with a path that finds %s rejects', async (_what, order) => {
    const service = await orders();
    // What an untyped caller may pass.
    await expect(service.byPath('x', order as Order)).rejects.toBeInstanceOf(LockKeyError);
    expect(service.ran).toBe(0);
  });

  it('says that a default comes too late', async () => {
    await expect((await orders()).withDefault()).rejects.toThrow(/\{id\} .* is undefined; .* default is filled in only when it runs/);
  });

  it('may be long, but not longer than a key', async () => {
    const service = await orders();
    expect(await service.byName('x'.repeat(1_000))).toBe(`order:${'x'.repeat(1_000)}`);
    const { error } = await timed(service.byName('x'.repeat(1_019)));
    expect(error).toBeInstanceOf(LockKeyError);
    expect((error as Error).message).toMatch(/1025 bytes/);
  });
});

describe('a key function', () => {
  it('makes the key of the arguments, with the instance as `this`', async () => {
    const service = await orders();
    expect(await service.byFunction({ id: 9 })).toBe('made:9');
    expect(await service.byFunctionOfInstance('a')).toBe('Orders:a');
  });

  it.each([
    ['nothing', undefined, /returned undefined/],
    ['a number', 5, /returned a value of type number/],
    ['a promise', Promise.resolve('a'), /returned a promise/],
    ['an empty key', '', /must not be empty/],
    ['a key of the protocol', '~1:queue', /begins with '~'/],
  ])('that returns %s rejects with LockKeyError', async (_what, value, message) => {
    const { error } = await timed((await orders()).byValue(value));
    expect(error).toBeInstanceOf(LockKeyError);
    expect((error as Error).message).toMatch(message);
  });

  it('that returns a promise which fails leaves no rejection behind', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): unknown => unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      await expect((await orders()).byValue(Promise.reject(new Error('late')))).rejects.toBeInstanceOf(LockKeyError);
      await new Promise(setImmediate);
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
  });

  it('that throws ends the call with its error', async () => {
    const own = new Error('no key for you');
    class Throws {
      @Locked(() => {
        throw own;
      })
      async run(): Promise<void> {}
    }
    const app = owned.add(await TestApp.start({ providers: [Throws] }));
    await expect(app.get(Throws).run()).rejects.toBe(own);
  });
});

describe('at start-up', () => {
  const decorate = (template: unknown) => () => {
    class Service {
      @Locked(template as string)
      async buy(orderId: string, order: { id: string }): Promise<unknown> {
        return [orderId, order];
      }
    }
    return Service;
  };

  it.each([
    [
      'an unknown name',
      'a:{orderID}',
      /Service\.buy: no parameter is called 'orderID'.* There are: orderId, order\..*@LockKey\('orderID'\)/,
    ],
    ['an unknown name with a path', 'a:{cart.id}', /no parameter is called 'cart'/],
    ['a position beyond the last', 'a:{2}', /Service\.buy: \{2\} .* there are \{0\} to \{1\}/],
    ['an empty placeholder', 'a:{}', /'\{\}' in the template 'a:\{\}' names nothing/],
    ['a placeholder with spaces', 'a:{ orderId }', /names nothing/],
    ['a path with a hole', 'a:{order..id}', /names nothing/],
    ['an expression', 'a:{orderId + 1}', /names nothing/],
    ['an opening brace alone', 'a:{orderId', /a '\{' in the template .* stands alone\. Write '\{\{'/],
    ['a closing brace alone', 'a:orderId}', /a '\}' in the template .* stands alone\. Write '\}\}'/],
    ['a number', 42, /the key is a template such as 'inventory:\{productId\}'/],
    ['an empty list', [], /Service\.buy: the list of keys is empty\. Write a template for each key/],
    ['a number in a list', ['a', 42], /the key is a template .* A list has templates only, \['account/],
    ['a function in a list', ['a', () => 'b'], /A list has templates only, .*; one function may return all the keys/],
    ['a list in a list', [['a']], /A list has templates only/],
    [
      'an unknown name in a list',
      ['a:{orderId}', 'a:{orderID}'],
      /Service\.buy: no parameter is called 'orderID'.* There are: orderId, order\./,
    ],
    ['a position beyond the last in a list', ['a:{2}', 'a'], /Service\.buy: \{2\} .* there are \{0\} to \{1\}/],
    ['a brace alone in a list', ['a', 'b:{orderId'], /a '\{' in the template 'b:.* stands alone/],
    ['nothing', undefined, /the key is a template/],
    ['an async function', async () => 'a', /must return the key itself, not a promise/],
  ])('%s is refused', (_what, template, message) => {
    expect(decorate(template)).toThrow(LockOptionsError);
    expect(decorate(template)).toThrow(message);
  });

  it.each([
    ['an empty template', '', /must not be empty/],
    ['control characters', 'a\n{orderId}', /control character/],
    ['a name of the protocol', '~1:{orderId}', /begins with '~'/],
    ['a brace outside of a hash tag', 'a}}:{orderId}', /outside a non-empty hash tag/],
    ['too long a text', `${'x'.repeat(1_024)}{orderId}`, /1025 bytes/],
    ['half a surrogate pair', 'a\ud83d', /not well-formed/],
    ['an empty template in a list', ['a', ''], /must not be empty/],
    ['a name of the protocol in a list', ['~1:{orderId}', 'a'], /begins with '~'/],
  ])('%s is refused', (_what, template, message) => {
    expect(decorate(template)).toThrow(LockKeyError);
    expect(decorate(template)).toThrow(message);
    expect(decorate(template)).toThrow(/^@Locked on Service\.buy: /);
  });
});
