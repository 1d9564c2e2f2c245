// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import { Locked } from 'nestjs-redis-lock';

interface Order {
  id: string;
  lines: { sku: string; count: number }[];
  customer?: { id: bigint; since: Date };
  tags: Record<string, string>;
}
type Sku = string & { readonly brand: unique symbol };
enum Shelf {
  Top = 'top',
  Bottom = 'bottom',
}

/** Positions and paths into them. */
export class Positions {
  @Locked('stock:{0}', '10s')
  async string(_sku: string): Promise<void> {}

  @Locked('stock:{0}:{1}:{2}:{3}:{4}')
  async primitives(_a: number, _b: bigint, _c: boolean, _d: Sku, _e: Shelf): Promise<void> {}

  @Locked('stock:{0}', '10s')
  async optional(_sku?: string | null): Promise<void> {}

  @Locked('order:{0.id}:{0.lines.0.sku}:{0.customer.id}:{0.tags.colour}', '10s')
  async paths(_order: Order): Promise<void> {}

  @Locked('order:{0.0}:{0.1.id}', '10s')
  async tuple(_pair: [string, { id: number }]): Promise<void> {}

  @Locked('order:{5}:{7.id}', '10s')
  async rest(_first: string, ..._more: Order[]): Promise<void> {}

  @Locked('order:{0}:{0.anything.at.all}', '10s')
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the compiler cannot see must pass
  async any(_order: any, _unknown: unknown): Promise<void> {}

  @Locked('order:{1.id}', '10s')
  async unknown(_a: string, _order: unknown): Promise<void> {}

  @Locked('{{literal}}:{{0.nothing}}:{{9}}:{{{0}}}', '10s')
  async braces(_id: string): Promise<void> {}

  @Locked('order:{whatever}:{order.whatever}', '10s')
  async names(_order: Order): Promise<void> {}

  // @ts-expect-error there is no second parameter
  @Locked('stock:{1}', '10s')
  async beyond(_sku: string): Promise<void> {}

  // @ts-expect-error there are no parameters
  @Locked('stock:{0}', '10s')
  async none(): Promise<void> {}

  // @ts-expect-error an Order has no `sku`
  @Locked('order:{0.sku}', '10s')
  async noSuchPath(_order: Order): Promise<void> {}

  // @ts-expect-error a line has no `name`
  @Locked('order:{0.id}:{0.lines.0.name}', '10s')
  async noSuchPathInside(_order: Order): Promise<void> {}

  // @ts-expect-error an Order is no text
  @Locked('order:{0}', '10s')
  async object(_order: Order): Promise<void> {}

  // @ts-expect-error a Date is no text
  @Locked('order:{0.customer.since}', '10s')
  async date(_order: Order): Promise<void> {}

  // @ts-expect-error it may be an object
  @Locked('order:{0}', '10s')
  async sometimesObject(_order: string | Order): Promise<void> {}

  // @ts-expect-error a symbol is no text
  @Locked('order:{0}', '10s')
  async symbol(_name: symbol): Promise<void> {}

  // @ts-expect-error it never has a value
  @Locked('order:{0}', '10s')
  async nothing(_nothing: undefined): Promise<void> {}

  // @ts-expect-error the second placeholder is wrong
  @Locked('order:{0}:{2}', '10s')
  async second(_a: string, _b: string): Promise<void> {}

  // @ts-expect-error {0} is an Order inside of the hash tag as well
  @Locked('{{{0}}}:orders', '10s')
  async hashTag(_order: Order): Promise<void> {}
}

/** Key functions. */
export class KeyFunctions {
  @Locked((order: Order) => `order:${order.id}`, '10s')
  async annotated(_order: Order, _more: string): Promise<void> {}

  @Locked(() => 'constant', '10s')
  async none(_order: Order): Promise<void> {}

  @Locked((id) => `order:${String(id)}`, '10s')
  async unannotated(_id: string): Promise<void> {}

  @Locked((...ids: string[]) => ids.join(':'), '10s')
  async rest(..._ids: string[]): Promise<void> {}

  @Locked((order: { id: string }) => order.id, '10s')
  async wider(_order: Order): Promise<void> {}

  // @ts-expect-error a parameter without a type is unknown: the compiler cannot know what it has
  @Locked((order) => String(order.id), '10s')
  async unknownParameter(_order: Order): Promise<void> {}

  // @ts-expect-error the method's first parameter is a string
  @Locked((order: Order) => order.id, '10s')
  async otherType(_id: string): Promise<void> {}

  // @ts-expect-error it wants more than the method gets
  @Locked((a: string, b: string) => a + b, '10s')
  async tooMany(_a: string): Promise<void> {}

  // @ts-expect-error it may be undefined
  @Locked((id: string) => id, '10s')
  async optional(_id?: string): Promise<void> {}

  // @ts-expect-error a key is a string
  @Locked((id: number) => id, '10s')
  async number(_id: number): Promise<void> {}

  // @ts-expect-error a key, and no promise of one
  @Locked(async (id: string) => id, '10s')
  async promise(_id: string): Promise<void> {}

  // @ts-expect-error it may make nothing
  @Locked((id: string) => (id === '' ? undefined : id), '10s')
  async sometimes(_id: string): Promise<void> {}
}
