import { Locked, LockOptionsError, type LockedOptions } from 'nestjs-redis-lock';
import { BehaviorSubject, from, Observable, of } from 'rxjs';
import { ownedByEachTest } from '../faults/support/owned.js';
import { timed } from '../faults/support/until.js';
import { TestApp } from './support/test-app.js';

const owned = ownedByEachTest();

/** The decorator as untyped code sees it. */
function untyped(options?: unknown): MethodDecorator & PropertyDecorator & ClassDecorator & ParameterDecorator {
  return Locked('a', options as LockedOptions) as never;
}

describe('@Locked is refused when the class is defined', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'on a static method',
      () => {
        class Service {
          @untyped()
          static async run(): Promise<void> {}
        }
        return Service;
      },
      /Service\.run: a static method/,
    ],
    [
      'on a getter',
      () => {
        class Service {
          @untyped()
          get run(): Promise<number> {
            return Promise.resolve(1);
          }
        }
        return Service;
      },
      /Service\.run: it belongs on a method\. A getter/,
    ],
    [
      'on a setter',
      () => {
        class Service {
          @untyped()
          set run(_value: number) {}
        }
        return Service;
      },
      /Service\.run: it belongs on a method\. A getter, a setter/,
    ],
    [
      'on a property with an arrow function',
      () => {
        class Service {
          @untyped()
          run = async (): Promise<void> => {};
        }
        return Service;
      },
      /Service\.run: it belongs on a method\..*property/,
    ],
    [
      'on a class',
      () => {
        @untyped()
        class Service {}
        return Service;
      },
      /Service: it belongs on a method, not on a class/,
    ],
    [
      'on a parameter',
      () => {
        class Service {
          async run(@untyped() _a: string): Promise<void> {}
        }
        return Service;
      },
      /Service\.run: it belongs on a method, not on a parameter/,
    ],
    [
      'on a parameter of the constructor',
      () => {
        class Service {
          constructor(@untyped() readonly a: string) {}
        }
        return Service;
      },
      /Service: it belongs on a method/,
    ],
    [
      'on a method that says it returns an Observable',
      () => {
        class Service {
          @untyped()
          run(): Observable<number> {
            return of(1);
          }
        }
        return Service;
      },
      /Service\.run: an Observable does its work after .*firstValueFrom/,
    ],
    [
      'on a method that says it returns a Subject',
      () => {
        class Service {
          @untyped()
          run(): BehaviorSubject<number> {
            return new BehaviorSubject(1);
          }
        }
        return Service;
      },
      /Service\.run: an Observable/,
    ],
    [
      'on an async generator',
      () => {
        class Service {
          @untyped()
          async *run(): AsyncGenerator<number> {
            yield 1;
          }
        }
        return Service;
      },
      /Service\.run: a generator does its work after/,
    ],
    [
      'by a compiler without experimentalDecorators',
      () => (untyped() as unknown as (value: unknown, context: object) => void)(() => undefined, { kind: 'method', name: 'run' }),
      /experimentalDecorators/,
    ],
  ])('%s', (_what, define, message) => {
    expect(define).toThrow(LockOptionsError);
    expect(define).toThrow(message);
    expect(define).toThrow(/^@Locked on /);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown option', { onBussy: 'skip' }, /Unknown option 'onBussy'\. There are: ttl, .*onBusy, message, connection/],
    ['an option of another kind of lock', { limit: 5 }, /Unknown option 'limit'/],
    ['a wrong unit', '10 parsecs', /ttl: '10 parsecs' is not a duration/],
    ['a negative ttl', -1, /ttl: -1 is not a duration/],
    ['NaN', Number.NaN, /ttl: NaN is not a duration/],
    ['too short a ttl', 1, /ttl: 1 ms is too short/],
    ['an absurd ttl', '999999h', /ttl: .* is not a duration/],
    ['a wrong wait', { wait: 'soon' }, /wait: 'soon' is not a duration/],
    ['a wrong retry policy', { wait: { retries: -1, delay: 5 } }, /wait\.retries/],
    ['a null among the options', { wait: null }, /wait: null/],
    ['a wrong renew', { renew: 'yes' }, /renew: write true or false/],
    ['a maxHold below holdAtLeast', { maxHold: '1s', holdAtLeast: '2s' }, /maxHold .* below holdAtLeast/],
    ['too long a label', { label: 'x'.repeat(121) }, /label/],
    ['a wrong onBusy', { onBusy: 'ignore' }, /onBusy: write 'throw', 'skip', or a function/],
    ['a wrong message', { message: 5 }, /message: write the text/],
    ['an empty message', { message: ' ' }, /message: write the text/],
    ['a wrong connection', { connection: '' }, /connection: write the name/],
    ['null', null, /write a ttl, '10s', or options/],
    ['a list', ['10s'], /write a ttl, '10s', or options/],
  ])('with %s', (_what, options, message) => {
    const define = () => {
      class Service {
        @untyped(options)
        async run(): Promise<void> {}
      }
      return Service;
    };
    expect(define).toThrow(LockOptionsError);
    expect(define).toThrow(message);
    expect(define).toThrow(/^@Locked on Service\.run: /);
  });

  it('options that are right for some module pass', () => {
    for (const options of [{}, undefined, { ttl: '20h', wait: 0 }, { ttl: undefined }, 5_000]) {
      expect(() => {
        class Service {
          @untyped(options)
          async run(): Promise<void> {}
        }
        return Service;
      }).not.toThrow();
    }
  });
});

describe('an Observable that comes back all the same', () => {
  let subscribed = 0;
  const cold = new Observable<number>((subscriber) => {
    subscribed++;
    subscriber.complete();
  });

  class Service {
    // Its type does not say what it returns, and the compiler writes down `Object`.
    @untyped()
    direct(): unknown {
      return cold;
    }

    @untyped()
    async later(): Promise<unknown> {
      return cold;
    }

    @untyped()
    async promised(): Promise<unknown> {
      return from([1]).forEach(() => undefined);
    }
  }

  it('is not subscribed to, and the call rejects', async () => {
    const app = owned.add(await TestApp.start({ providers: [Service] }));
    const service = app.get(Service);
    for (const call of [service.direct() as Promise<unknown>, service.later()]) {
      const { error } = await timed(call);
      expect(error).toBeInstanceOf(LockOptionsError);
      expect((error as Error).message).toMatch(/it returned an Observable, .*not subscribed to/);
    }
    expect(subscribed).toBe(0);
    expect(await app.locks.isLocked('a')).toBe(false);
    await expect(service.promised()).resolves.toBeUndefined();
  });
});
