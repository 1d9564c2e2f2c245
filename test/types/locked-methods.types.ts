// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import { Locked } from 'nestjs-redis-lock';
import { type Observable, of } from 'rxjs';

interface Order {
  id: string;
  lines: { sku: string; count: number }[];
  customer?: { id: bigint; since: Date };
  tags: Record<string, string>;
}
/** Results. */
export class Results<E extends { id: string }> {
  @Locked('a')
  async value(): Promise<number> {
    return 1;
  }

  @Locked('a')
  maybe(): Promise<number> | number {
    return 1;
  }

  @Locked('a')
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the compiler cannot see must pass
  any(): any {}

  @Locked('a')
  like(): PromiseLike<number> {
    return Promise.resolve(1);
  }

  @Locked('save:{entity.id}')
  async save(entity: E): Promise<E> {
    return entity;
  }

  // @ts-expect-error not a promise
  @Locked('a')
  number(): number {
    return 1;
  }

  // @ts-expect-error not a promise
  @Locked('a')
  nothing(): void {}

  // @ts-expect-error an Observable is no promise
  @Locked('a')
  observable(): Observable<number> {
    return of(1);
  }

  // @ts-expect-error a generator is no promise
  @Locked('a')
  async *generator(): AsyncGenerator<number> {
    yield 1;
  }
}

/** What a decorator may stand on. */
// @ts-expect-error not on a class
@Locked('a')
export class Places {
  // @ts-expect-error not on a getter
  @Locked('a')
  get getter(): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error not on a property
  @Locked('a')
  readonly property = async (): Promise<void> => {};

  // @ts-expect-error not on a static method
  @Locked('a')
  static async static(): Promise<void> {}

  @Locked('a')
  private async private(): Promise<void> {}

  @Locked('a')
  protected async protected(): Promise<void> {
    await this.private();
  }

  @Locked('a')
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Generic and overloaded methods. */
export class Signatures {
  @Locked('a:{0.id}:{item.id}', { onBusy: (_error, item: { id: string }) => item })
  async generic<T extends { id: string }>(item: T, _again?: T): Promise<{ id: string }> {
    return item;
  }

  // @ts-expect-error an item has no `name`
  @Locked('a:{0.name}')
  async genericPath<T extends { id: string }>(item: T, _again: T): Promise<T> {
    return item;
  }

  overloaded(id: string): Promise<string>;
  overloaded(order: Order, n: number): Promise<number>;
  @Locked('a:{0}')
  async overloaded(_first: string | Order): Promise<string | number> {
    return 1;
  }

  // The second way to call it has a path that the first has not.
  overloadedPath(id: string): Promise<string>;
  overloadedPath(order: Order): Promise<number>;
  @Locked('a:{0.customer.id}')
  async overloadedPath(_first: string | Order): Promise<string | number> {
    return 1;
  }

  neither(id: Date): Promise<string>;
  neither(order: Order): Promise<number>;
  // @ts-expect-error whichever way it is called
  @Locked('a:{0}')
  async neither(_first: Date | Order): Promise<string | number> {
    return 1;
  }
}
