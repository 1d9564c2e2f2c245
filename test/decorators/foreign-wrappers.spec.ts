import { Injectable, SetMetadata } from '@nestjs/common';
import { LockKey, Locked, LockOptionsError } from 'nestjs-redis-lock';
import { ownedByEachTest } from '../faults/support/owned.js';
import { TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts another function in the method's place, as many libraries do. */
function wrapping(wrap: (method: Method) => Method): MethodDecorator {
  return (_target, _key, descriptor) => {
    // Any method will do here.
    descriptor.value = wrap(descriptor.value as Method) as typeof descriptor.value;
  };
}

const WRAPPERS: Record<string, (method: Method) => Method> = {
  'a function of (...args)': (method) =>
    function (...args) {
      return method.apply(this, args);
    },
  'a Proxy': (method) => new Proxy(method, { apply: (inner, self, args: unknown[]) => Reflect.apply(inner, self, args) }),
  'a bound function': (method) => method.bind(undefined),
  'a function of other parameters': (method) =>
    function (first, ...rest) {
      return method.call(this, first, ...rest);
    },
  'a function that looks at `arguments`': (method) =>
    function () {
      // eslint-disable-next-line prefer-rest-params -- as older compilers write it
      return method.apply(this, Array.from(arguments));
    },
  'a function of as many parameters with other names': (method) =>
    function (a, b) {
      return method.call(this, a, b);
    },
};

describe.each(Object.entries(WRAPPERS))('below, %s', (_what, wrap) => {
  it('hides the names, and the error asks for @LockKey or positions', () => {
    const define = () => {
      class Service {
        @Locked('a:{orderId}')
        @wrapping(wrap)
        async run(orderId: string, _n: number): Promise<string> {
          return orderId;
        }
      }
      return Service;
    };
    expect(define).toThrow(LockOptionsError);
    expect(define).toThrow(/^@Locked on Service\.run: the parameter 'orderId' .*hidden.*@LockKey\('orderId'\).*position, \{0\}/);
  });

  it('is no obstacle to positions and @LockKey', () => {
    expect(() => {
      class Service {
        @Locked('a:{0}:{1.id}:{orderId}')
        @wrapping(wrap)
        async run(@LockKey('orderId') id: string, _order: { id: string }): Promise<string> {
          return id;
        }
      }
      return Service;
    }).not.toThrow();
  });

  it('above is no obstacle to names', () => {
    expect(() => {
      class Service {
        @wrapping(wrap)
        @Locked('a:{orderId}')
        async run(orderId: string, _n: number): Promise<string> {
          return orderId;
        }
      }
      return Service;
    }).not.toThrow();
  });
});

it('a wrapper of the very same parameters hides nothing', () => {
  expect(() => {
    class Service {
      @Locked('a:{orderId}')
      @wrapping(
        (method) =>
          function (orderId, n) {
            return method.call(this, orderId, n);
          },
      )
      async run(orderId: string, n: number): Promise<unknown> {
        return [orderId, n];
      }
    }
    return Service;
  }).not.toThrow();
});

describe('a function that was put on the class itself', () => {
  const replacing =
    (method: Method): MethodDecorator =>
    (target, key, descriptor) => {
      const replaced = { ...descriptor, value: method as unknown as typeof descriptor.value }; // any method will do here
      Object.defineProperty(target, key, replaced);
      descriptor.value = replaced.value;
    };

  it('hides the names where it has other parameters than the compiler counted', () => {
    expect(() => {
      class Service {
        @Locked('a:{orderId}')
        @replacing((...args) => args)
        async run(orderId: string, _n: number): Promise<string> {
          return orderId;
        }
      }
      return Service;
    }).toThrow(/'orderId' .* cannot be found: .*hidden/);
  });

  it('hides the names where its length says something else', () => {
    const pretending: Method = (...args) => args;
    Object.defineProperty(pretending, 'length', { value: 1 });
    expect(() => {
      class Service {
        @Locked('a:{orderId}')
        @replacing(pretending)
        async run(orderId: string): Promise<string> {
          return orderId;
        }
      }
      return Service;
    }).toThrow(/'orderId' .* cannot be found: .*hidden/);
  });
});

it('a wrapper below runs under the lock, one above runs outside', async () => {
  const seen: unknown[] = [];
  @Injectable()
  class Service extends Watched {
    peek(where: string): void {
      seen.push(where, this.locks.current()?.key);
    }

    @wrapping(peeking('above'))
    @Locked('a:{0}')
    @wrapping(peeking('below'))
    async run(_id: string): Promise<unknown> {
      return this.key();
    }
  }
  function peeking(where: string): (method: Method) => Method {
    return (method) =>
      function (...args) {
        (this as Service).peek(where); // it stands on Service only
        return method.apply(this, args);
      };
  }
  const app = owned.add(await TestApp.start({ providers: [Service] }));
  expect(await app.get(Service).run('1')).toBe('a:1');
  expect(seen).toEqual(['above', undefined, 'below', 'a:1']);
});

describe('Reflect metadata', () => {
  const SYMBOL = Symbol('also symbols');

  class Service {
    @SetMetadata('above', 1)
    @SetMetadata('both', 'above')
    @Locked('a')
    @SetMetadata('both', 'below')
    @SetMetadata(SYMBOL, 2)
    async run(): Promise<void> {}
  }

  it('of decorators below and above is found on the method', () => {
    const { run } = Service.prototype;
    expect(Reflect.getMetadata('above', run)).toBe(1);
    expect(Reflect.getMetadata(SYMBOL, run)).toBe(2);
    expect(Reflect.getMetadata('both', run)).toBe('above');
  });

  it('of the property is left alone', () => {
    expect(Reflect.getMetadata('design:returntype', Service.prototype, 'run')).toBe(Promise);
  });
});
