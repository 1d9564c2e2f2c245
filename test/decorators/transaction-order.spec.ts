import { jest } from '@jest/globals';
import { Injectable, Logger, SetMetadata, UseInterceptors, type CallHandler, type NestInterceptor } from '@nestjs/common';
import { LockKey, Locked, LockService } from 'nestjs-redis-lock';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Observable } from 'rxjs';
import { ownedByEachTest } from '../faults/support/owned.js';
import { TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();
type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** What happened, in order. */
const events: string[] = [];

async function transaction(run: () => Promise<unknown>): Promise<unknown> {
  events.push('begin');
  const result = await run();
  events.push('commit');
  return result;
}

/** Opens a transaction in a function of its own; the names in its code are what gives it away, as with typeorm-transactional. */
function Transactional(): MethodDecorator {
  const getTransactionalContext = new AsyncLocalStorage<string>();
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as Method; // any method
    const wrapper: Method = function (...args) {
      return getTransactionalContext.run('context', () => transaction(() => original.apply(this, args)));
    };
    for (const key of Reflect.getMetadataKeys(original) as unknown[]) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), wrapper);
    }
    Object.defineProperty(wrapper, 'name', { value: original.name });
    descriptor.value = wrapper as unknown as typeof descriptor.value;
  };
}

/** The same in a function that says nothing, with metadata that does. */
function UnitOfWork(): MethodDecorator {
  return (target, key, descriptor) => {
    const original = descriptor.value as unknown as Method; // any method
    const wrapper: Method = function (...args) {
      return transaction(() => original.apply(this, args));
    };
    for (const name of Reflect.getMetadataKeys(original) as unknown[]) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, original), wrapper);
    }
    descriptor.value = wrapper as unknown as typeof descriptor.value;
    SetMetadata('app:transaction', true)(target, key, descriptor);
  };
}

/** The same in a Proxy without a trace, as with @nestjs-cls/transactional. */
function Hidden(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as Method; // any method
    descriptor.value = new Proxy(original, {
      apply: (method, self, args: unknown[]) => transaction(() => Reflect.apply(method, self, args)),
    }) as unknown as typeof descriptor.value;
  };
}

/** Only leaves a note, for something that wraps the instance's methods at boot. */
const Noted = (): MethodDecorator => SetMetadata(Symbol('TRANSACTION_OPTIONS'), {});

class TransactionInterceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

/** Another decorator that wraps methods, and has nothing to do with any of it. */
function Traced(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as Method; // any method
    const wrapper: Method = async function (...args) {
      return original.apply(this, args);
    };
    descriptor.value = wrapper as unknown as typeof descriptor.value;
  };
}

let warnings: string[];

beforeEach(() => {
  warnings = [];
  events.length = 0;
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
    warnings.push(String(message));
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** Defines a class with these decorators, the first on top, and returns what was warned of. */
async function warned(...decorators: MethodDecorator[]): Promise<string[]> {
  class Orders {
    async buy(id: string): Promise<string> {
      return id;
    }
  }
  const { prototype } = Orders;
  const buy = Object.getOwnPropertyDescriptor(prototype, 'buy') as TypedPropertyDescriptor<unknown>; // it is there
  for (const decorator of decorators.reverse()) decorator(prototype, 'buy', buy);
  Object.defineProperty(prototype, 'buy', buy);
  await new Promise(setImmediate);
  return warnings;
}

const Lock = (): MethodDecorator => Locked('order:{0}');

describe('a warning is logged', () => {
  it.each<[string, MethodDecorator[], string]>([
    ['a wrapper above whose code says so', [Transactional(), Lock()], "the code of the wrapper 'buy'"],
    ['a wrapper above whose metadata says so', [UnitOfWork(), Lock()], "its metadata 'app:transaction'"],
    ['the same with others between', [UnitOfWork(), Traced(), Lock(), Traced()], "its metadata 'app:transaction'"],
    ['a transaction between two locks', [Lock(), Transactional(), Lock()], "the code of the wrapper 'buy'"],
    ['a note above', [Noted(), Lock()], "its metadata 'TRANSACTION_OPTIONS'"],
    ['a note below', [Lock(), Noted()], "its metadata 'TRANSACTION_OPTIONS'"],
    ['an interceptor above', [UseInterceptors(TransactionInterceptor), Lock()], 'the interceptor TransactionInterceptor'],
    ['an interceptor below', [Lock(), UseInterceptors(new TransactionInterceptor())], 'the interceptor TransactionInterceptor'],
  ])('for %s', async (_what, decorators, sign) => {
    expect(await warned(...decorators)).toEqual([
      expect.stringContaining(`@Locked on Orders.buy is inside of a transaction (${sign}): the lock is released before the commit`),
    ]);
    expect(warnings[0]).toMatch(/Write @Locked above/);
  });

  it.each<[string, MethodDecorator[]]>([
    ['the right order', [Lock(), Transactional()]],
    ['the right order, with metadata', [Lock(), UnitOfWork()]],
    ['the right order, with others around', [Traced(), Lock(), Traced(), UnitOfWork()]],
    ['no transaction', [Traced(), SetMetadata('role', 'x'), Lock(), UseInterceptors(class Tagging {})]],
    ['what cannot be seen', [Hidden(), Lock()]],
  ])('but not for %s', async (_what, decorators) => {
    expect(await warned(...decorators)).toEqual([]);
  });
});

it('the lock outlives the commit where it stands above, and does not where it stands below', async () => {
  @Injectable()
  class Orders extends Watched {
    @Locked('order:{id}')
    @Transactional()
    async right(@LockKey('id') id: string): Promise<string> {
      events.push(`work under ${String(this.key())}`);
      return id;
    }

    @Transactional()
    @Locked('order:{id}')
    async wrong(id: string): Promise<string> {
      events.push(`work under ${String(this.key())}`);
      return id;
    }
  }
  const app = owned.add(await TestApp.start({ providers: [Orders] }));
  const { withLock } = LockService.prototype;
  jest.spyOn(app.locks, 'withLock').mockImplementation(async function (this: LockService, ...args: unknown[]): Promise<unknown> {
    events.push('lock');
    try {
      return (await Reflect.apply(withLock, this, args)) as unknown;
    } finally {
      events.push('unlock');
    }
  });

  expect(await app.get(Orders).right('1')).toBe('1');
  expect(events.splice(0)).toEqual(['lock', 'begin', 'work under order:1', 'commit', 'unlock']);
  expect(await app.get(Orders).wrong('1')).toBe('1');
  expect(events.splice(0)).toEqual(['begin', 'lock', 'work under order:1', 'unlock', 'commit']);
  expect(warnings).toHaveLength(1);
});
