// What must compile and what must not. Nothing here runs: `npm run typecheck` and test/toolchain/types.spec.ts compile it.
import { Limited, Locked, ReadLocked, WriteLocked, type LockingDecorator, type LockKeySource, type OneKeySource } from 'nestjs-redis-lock';

interface Account {
  id: string;
  owner: { name: string };
}

/** Lists of templates. */
export class Templates {
  @Locked(['account:{from}', 'account:{to}'], '10s')
  async names(_from: string, _to: string): Promise<void> {}

  @Locked(['account:{0}', 'account:{1.id}', 'ledger'], { wait: 0, onBusy: 'skip' })
  async positions(_from: string, _to: Account): Promise<void> {}

  @Locked(['account:{0}'])
  async one(_id: string): Promise<void> {}

  @ReadLocked(['account:{0.id}', 'account:{1.owner.name}'], '10s')
  async readers(_from: Account, _to: Account): Promise<void> {}

  @WriteLocked(['account:{0.id}', 'account:{1.owner.name}'], '10s')
  async writers(_from: Account, _to: Account): Promise<void> {}

  // @ts-expect-error there is no second parameter
  @Locked(['account:{0}', 'account:{1}'], '10s')
  async beyond(_from: string): Promise<void> {}

  // @ts-expect-error the first template is held against the method as well
  @Locked(['account:{1}', 'account:{0}'], '10s')
  async beyondFirst(_from: string): Promise<void> {}

  // @ts-expect-error an Account has no `number`
  @Locked(['account:{0.id}', 'account:{1.number}'], '10s')
  async noSuchPath(_from: Account, _to: Account): Promise<void> {}

  // @ts-expect-error an owner is no text
  @ReadLocked(['account:{0.id}', 'account:{1.owner}'], '10s')
  async object(_from: Account, _to: Account): Promise<void> {}

  // @ts-expect-error an owner has no `id`
  @WriteLocked(['account:{0.owner.id}', 'ledger'], '10s')
  async noSuchPathInside(_from: Account): Promise<void> {}

  // @ts-expect-error no key at all
  @Locked([], '10s')
  async none(): Promise<void> {}

  // @ts-expect-error a key is a string
  @Locked(['a', 5], '10s')
  async number(): Promise<void> {}

  // @ts-expect-error a list is made of templates
  @Locked(['a', () => 'b'], '10s')
  async functions(): Promise<void> {}

  // @ts-expect-error not a promise
  @Locked(['a', 'b'])
  plain(): number {
    return 1;
  }
}

// What is not written in place cannot be seen, and says nothing of what can.
const unseen = `account:${String(Math.random())}`;
const list: string[] = [unseen];
export class Elsewhere {
  @Locked(list, '10s')
  async list(_id: string): Promise<void> {}

  @Locked([unseen, 'account:{0}'], '10s')
  async mixed(_id: string): Promise<void> {}

  // @ts-expect-error there is no second parameter
  @Locked([unseen, 'account:{1}'], '10s')
  async mixedBeyond(_id: string): Promise<void> {}
}

/** Functions that return several keys. */
export class Functions {
  @Locked((from: Account, to: Account) => [from.id, to.id], '10s')
  async both(_from: Account, _to: Account): Promise<void> {}

  @Locked((ids: readonly string[]) => ids, '10s')
  async all(_ids: string[]): Promise<void> {}

  @ReadLocked((id: string): string | string[] => (id === 'all' ? ['a', 'b'] : id), '10s')
  async sometimes(_id: string): Promise<void> {}

  // @ts-expect-error the method's parameters are texts
  @Locked((from: Account, to: Account) => [from.id, to.id], '10s')
  async otherTypes(_from: string, _to: string): Promise<void> {}

  // @ts-expect-error a key is a string
  @Locked((a: number, b: number) => [a, b], '10s')
  async numbers(_a: number, _b: number): Promise<void> {}

  // @ts-expect-error one of them is a number
  @Locked((a: string) => [a, a.length], '10s')
  async mixed(_a: string): Promise<void> {}

  // @ts-expect-error one of them may be undefined
  @Locked((a: string, b?: string) => [a, b], '10s')
  async optional(_a: string, _b?: string): Promise<void> {}

  // @ts-expect-error keys, and no promise of them
  @Locked(async (a: string) => [a], '10s')
  async promise(_a: string): Promise<void> {}

  // @ts-expect-error keys, and no promises of them
  @Locked((a: string) => [Promise.resolve(a)], '10s')
  async promises(_a: string): Promise<void> {}

  // @ts-expect-error a Set is no array
  @Locked((a: string) => new Set([a]), '10s')
  async set(_a: string): Promise<void> {}
}

/** A permit is of one key. */
export class Permits {
  // @ts-expect-error not of several
  @Limited(['a', 'b'], { limit: 2 })
  async list(): Promise<void> {}

  // @ts-expect-error not of a list of one either
  @Limited(['a'], { limit: 2 })
  async listOfOne(): Promise<void> {}

  // @ts-expect-error not of what a function returns
  @Limited((id: string) => [id, 'b'], { limit: 2 })
  async byFunction(_id: string): Promise<void> {}

  // @ts-expect-error not of what a function may return
  @Limited((id: string): string | string[] => (id === '' ? [] : id), { limit: 2 })
  async sometimes(_id: string): Promise<void> {}
}

// Composition.
const keys: LockKeySource = ['a', 'b'];
export const one: OneKeySource = 'a';
export const Both = (): LockingDecorator<readonly ['account:{0.id}', 'account:{1.id}']> =>
  Locked(['account:{0.id}', 'account:{1.id}'], '10s');
export class Composed {
  @Locked(keys)
  async anywhere(): Promise<void> {}

  @Both()
  async transfer(_from: Account, _to: Account): Promise<void> {}

  // @ts-expect-error an own decorator keeps the checks
  @Both()
  async noAccounts(_from: Account, _to: string): Promise<void> {}
}
