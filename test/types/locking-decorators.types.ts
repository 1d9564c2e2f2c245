// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import { applyDecorators } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import {
  Limited,
  Locked,
  ReadLocked,
  WriteLocked,
  type LimitedOptions,
  type LockBusyError,
  type LockedOptions,
  type LockingDecorator,
  type ReadWriteLockedOptions,
} from 'nestjs-redis-lock';
import { type Observable, of } from 'rxjs';

interface Price {
  productId: string;
  cents: number;
}

/** Readers and writers. */
export class Prices {
  @ReadLocked('price:{productId}')
  async bare(_productId: string): Promise<void> {}

  @ReadLocked('price:{0}', '10s')
  async read(_productId: string): Promise<number> {
    return 1;
  }

  @WriteLocked('price:{0.productId}', { ttl: '10s', wait: 0, onBusy: 'skip', message: 'later', connection: 'prices' })
  async write(_price: Price): Promise<number | undefined> {
    return 1;
  }

  @WriteLocked((price: Price) => `price:${price.productId}`, { onBusy: (error, price: Price) => price.cents + error.waitedMs })
  async answers(_price: Price): Promise<number> {
    return 1;
  }

  @ReadLocked('price', { ttl: '10s', mode: undefined })
  async noMode(): Promise<void> {}

  // @ts-expect-error the name says the mode
  @ReadLocked('price', { mode: 'read' })
  async readMode(): Promise<void> {}

  // @ts-expect-error the name says the mode
  @ReadLocked('price', { ttl: '10s', mode: 'write' })
  async writeMode(): Promise<void> {}

  // @ts-expect-error the name says the mode
  @WriteLocked('price', { mode: 'write' })
  async sameMode(): Promise<void> {}

  // @ts-expect-error the name says the mode
  @WriteLocked('price', { ttl: '10s', mode: 'exclusive' })
  async exclusiveMode(): Promise<void> {}

  // @ts-expect-error a limit is an option of @Limited
  @ReadLocked('price', { limit: 5 })
  async limit(): Promise<void> {}

  // @ts-expect-error no such option
  @WriteLocked('price', { ttl: '10s', onBussy: 'skip' })
  async option(): Promise<void> {}

  // @ts-expect-error no such unit
  @ReadLocked('price', '10 seconds')
  async unit(): Promise<void> {}

  // @ts-expect-error the result may be undefined
  @ReadLocked('price', { onBusy: 'skip' })
  async skip(): Promise<number> {
    return 1;
  }

  // @ts-expect-error the method's parameter is a string
  @WriteLocked('price', { onBusy: (_error, price: Price) => price.cents })
  async otherParameter(_productId: string): Promise<number> {
    return 1;
  }

  // @ts-expect-error a Price has no `id`
  @ReadLocked('price:{0.id}', '10s')
  async noSuchPath(_price: Price): Promise<void> {}

  // @ts-expect-error an Observable is no promise
  @WriteLocked('price')
  observable(): Observable<number> {
    return of(1);
  }

  // @ts-expect-error not on a static method
  @ReadLocked('price')
  static async static(): Promise<void> {}
}

/** Permits. */
export class Permits {
  @Limited('geocoder', { limit: 5 })
  async bare(): Promise<void> {}

  @Limited('export:{0.productId}', { limit: 2, ttl: '20s', wait: 0, onBusy: 'skip', message: 'later', connection: 'exports' })
  async all(_price: Price): Promise<string | undefined> {
    return 'a';
  }

  @Limited((price: Price) => price.productId, { limit: 2, onBusy: async (error: LockBusyError) => error.retryAfterMs })
  async answers(_price: Price): Promise<number> {
    return 1;
  }

  @Limited('a', {
    limit: 2,
    onBusy(this: Permits, error, id: string) {
      return this.described(id, error.waitedMs);
    },
  })
  async answersWithThis(_id: string): Promise<string> {
    return 'a';
  }

  // @ts-expect-error the limit is missing
  @Limited('a', { ttl: '10s' })
  async noLimit(): Promise<void> {}

  // @ts-expect-error the limit is missing
  @Limited('a', {})
  async nothing(): Promise<void> {}

  // @ts-expect-error the options are missing
  @Limited('a')
  async noOptions(): Promise<void> {}

  // @ts-expect-error a ttl alone says no limit
  @Limited('a', '10s')
  async ttl(): Promise<void> {}

  // @ts-expect-error nor does a number: it would be a ttl
  @Limited('a', 5)
  async number(): Promise<void> {}

  // @ts-expect-error a limit is a number
  @Limited('a', { limit: '5' })
  async text(): Promise<void> {}

  // @ts-expect-error it may be missing
  @Limited('a', { limit: undefined })
  async undefined(): Promise<void> {}

  // @ts-expect-error a permit has no mode
  @Limited('a', { limit: 5, mode: 'read' })
  async readMode(): Promise<void> {}

  // @ts-expect-error a permit has no mode
  @Limited('a', { limit: 5, mode: 'exclusive' })
  async exclusiveMode(): Promise<void> {}

  // @ts-expect-error no such option
  @Limited('a', { limit: 5, tll: '10s' })
  async option(): Promise<void> {}

  // @ts-expect-error the result may be undefined
  @Limited('a', { limit: 5, onBusy: 'skip' })
  async skip(): Promise<number> {
    return 1;
  }

  // @ts-expect-error a string is no number
  @Limited('a', { limit: 5, onBusy: () => 'a' })
  async otherAnswer(): Promise<number> {
    return 1;
  }

  // @ts-expect-error there is no second parameter
  @Limited('a:{1}', { limit: 5 })
  async beyond(_id: string): Promise<void> {}

  // @ts-expect-error the method's parameter is a string
  @Limited((price: Price) => price.productId, { limit: 5 })
  async otherType(_id: string): Promise<void> {}

  // @ts-expect-error not a promise
  @Limited('a', { limit: 5 })
  plain(): number {
    return 1;
  }

  // @ts-expect-error not on a getter
  @Limited('a', { limit: 5 })
  get getter(): Promise<number> {
    return Promise.resolve(1);
  }

  described(id: string, ms: number): string {
    return `${id} ${String(ms)}`;
  }
}

// Options that are not written in place.
const forAll: ReadWriteLockedOptions = { ttl: '5s' };
const five: LimitedOptions = { limit: 5, ttl: '5s' };
const withMode: LockedOptions = { ttl: '5s', mode: 'read' };
export class Elsewhere {
  @ReadLocked('a', forAll)
  async read(): Promise<void> {}

  @WriteLocked('a', { ...forAll, wait: 0 })
  async write(): Promise<void> {}

  @Locked('a', { ...forAll, mode: 'read' })
  async locked(): Promise<void> {}

  @Limited('a', five)
  async limited(): Promise<void> {}

  @Limited('a', { ...forAll, limit: 5 })
  async spread(): Promise<void> {}

  // @ts-expect-error they may say a mode
  @ReadLocked('a', withMode)
  async readWithMode(): Promise<void> {}

  // @ts-expect-error they may say a mode
  @Limited('a', { ...withMode, limit: 5 })
  async limitedWithMode(): Promise<void> {}
}

// Composition.
export const Hourly = (name: string): MethodDecorator => applyDecorators(Cron('0 * * * *'), Limited(name, { limit: 2, onBusy: 'skip' }));
export const ReadsPrice = (): LockingDecorator<'price:{0.productId}'> => ReadLocked('price:{0.productId}', '10s');
export const asMethodDecorators: MethodDecorator[] = [ReadLocked('a'), WriteLocked('a'), Limited('a', { limit: 1 })];

export class Composed {
  @Hourly('hourly')
  async hourly(): Promise<void> {}

  @ReadsPrice()
  async read(_price: Price): Promise<void> {}

  // @ts-expect-error an own decorator keeps the checks
  @ReadsPrice()
  async noPrice(_productId: string): Promise<void> {}
}
