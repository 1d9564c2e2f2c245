// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import { applyDecorators, Controller, Get, Param } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { type LockBusyError, LockKey, Locked, type Duration, type LockedOptions, type LockingDecorator } from 'nestjs-redis-lock';

interface Order {
  id: string;
  lines: { sku: string; count: number }[];
  customer?: { id: bigint; since: Date };
  tags: Record<string, string>;
}
/** Options. */
export class Options {
  @Locked('a', 1_500)
  async milliseconds(): Promise<void> {}

  @Locked('a', { ttl: '5m', wait: 0, onBusy: 'skip' })
  async skipVoid(): Promise<void> {}

  @Locked('a', { onBusy: 'skip' })
  async skipUndefined(): Promise<string | undefined> {
    return 'a';
  }

  // @ts-expect-error the result may be undefined
  @Locked('a', { onBusy: 'skip' })
  async skipNumber(): Promise<number> {
    return 1;
  }

  @Locked('a', { onBusy: (error, id: string, n: number) => `${error.key ?? ''}${id}${String(n)}` })
  async answers(_id: string, _n: number): Promise<string> {
    return 'a';
  }

  @Locked('a', { onBusy: async (error: LockBusyError) => ({ ok: false, waited: error.waitedMs }) })
  async answersLater(_id: string): Promise<{ ok: boolean }> {
    return { ok: true };
  }

  @Locked('a', {
    onBusy(this: Options, error, id: string) {
      return this.described(id, error.waitedMs);
    },
  })
  async answersWithThis(_id: string): Promise<string> {
    return 'a';
  }

  @Locked('a', { onBusy: () => 'nobody looks at it' })
  async answersVoid(): Promise<void> {}

  @Locked('a', {
    onBusy: () => {
      throw new Error('never comes back');
    },
  })
  async answersNever(): Promise<number> {
    return 1;
  }

  // @ts-expect-error a string is no number
  @Locked('a', { onBusy: () => 'a' })
  async answersOther(): Promise<number> {
    return 1;
  }

  // @ts-expect-error the method's parameter is a string
  @Locked('a', { onBusy: (_error, id: number) => id })
  async answersOtherParameter(_id: string): Promise<number> {
    return 1;
  }

  // @ts-expect-error no such answer
  @Locked('a', { onBusy: 'ignore' })
  async onBusy(): Promise<void> {}

  // @ts-expect-error no such unit
  @Locked('a', '10 seconds')
  async unit(): Promise<void> {}

  // @ts-expect-error no such unit
  @Locked('a', { ttl: '10d' })
  async unitInside(): Promise<void> {}

  // @ts-expect-error no such option
  @Locked('a', { tll: '10s' })
  async option(): Promise<void> {}

  // @ts-expect-error no such option
  @Locked('a', { ttl: '10s', onBussy: 'skip' })
  async optionBesideOthers(): Promise<void> {}

  // @ts-expect-error 42 is no key
  @Locked(42, '10s')
  async key(): Promise<void> {}

  @Locked('a', { mode: 'read', wait: 0 })
  async mode(): Promise<void> {}

  // @ts-expect-error no such mode
  @Locked('a', { mode: 'shared' })
  async otherMode(): Promise<void> {}

  // @ts-expect-error a limit is an option of @Limited
  @Locked('a', { limit: 5 })
  async limit(): Promise<void> {}

  described(id: string, ms: number): string {
    return `${id} ${String(ms)}`;
  }
}

// Options and templates that are not written in place: what cannot be seen passes.
const shared: LockedOptions = { ttl: '5s' };
const template = `a:${String(Math.random())}`;
const ttl: Duration = '5s';
export class Elsewhere {
  @Locked(template, shared)
  async number(): Promise<number> {
    return 1;
  }

  @Locked(template, { ...shared, ttl })
  async spread(): Promise<number> {
    return 1;
  }
}

// Composition.
export const Nightly = (name: string): MethodDecorator => applyDecorators(Cron('0 3 * * *'), Locked(name, { onBusy: 'skip' }));
export const OrderLock = (): LockingDecorator<'order:{0.id}'> => Locked('order:{0.id}', '10s');
export const asMethodDecorator: MethodDecorator = Locked('a');

@Controller()
export class Composed {
  @Nightly('nightly')
  async nightly(): Promise<void> {}

  @OrderLock()
  async order(_order: Order): Promise<void> {}

  // @ts-expect-error an own decorator keeps the checks
  @OrderLock()
  async noOrder(_id: string): Promise<void> {}

  @Get(':id')
  @Locked('a:{id}')
  async route(@LockKey('id') @Param('id') _id: string): Promise<void> {}
}

export class Names {
  async parameter(@LockKey('id') { id }: Order): Promise<string> {
    return id;
  }

  // @ts-expect-error not on a method
  @LockKey('id')
  async method(): Promise<void> {}

  // @ts-expect-error a name is a string
  async number(@LockKey(0) _id: string): Promise<void> {}
}
