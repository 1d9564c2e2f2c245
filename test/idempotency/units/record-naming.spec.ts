import { guardName, operationName, scopeDigest, type Operation } from '../../../libs/redis-lock/src/idempotency/record-naming.js';
import type { RecordName } from '../../../libs/redis-lock/src/store/record-store.interface.js';
import { Dice } from '../../simulation/support/dice.js';

const TUPLES = 100_000;

const recordOf = ({ scope, operation }: RecordName): string => `${scope}:${operation}`;
const base: Operation = { scope: 'user-1', method: 'POST', route: '/orders/:id', params: { id: '1' }, key: 'k' };

it('no two of 100,000 tuples of tenant, user, route and key share a record', () => {
  const seed = Number(process.env['NAMING_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const dice = new Dice(seed);
  const text = (): string =>
    Array.from({ length: dice.whole(0, 4) }, () =>
      dice.pick('a', 'b', '1', ':', '/', '%', '"', ',', '\n', '\u0000', 'é', '\ud83d', '\ude00', '\ufffd'),
    ).join('');
  const seen = new Map<string, string>();
  const tuples = new Set<string>();
  while (tuples.size < TUPLES) {
    const [tenant, user, route, value, key] = [text(), text(), text(), text(), text()];
    const tuple = JSON.stringify([tenant, user, route, value, key]);
    if (tuples.has(tuple)) continue;
    tuples.add(tuple);
    const scope = JSON.stringify([tenant, user]);
    const record = recordOf(operationName({ scope, method: 'POST', route, params: { [value]: key, id: value }, key }));
    const other = seen.get(record);
    if (other !== undefined) throw new Error(`seed ${String(seed)}: ${other} and ${tuple} have the same record`);
    seen.set(record, tuple);
  }
  expect(seen.size).toBe(TUPLES);
});

it('no two neighbours share a record: text never moves from one part to the next', () => {
  const params = (...lists: Operation['params'][]): Operation[] => lists.map((list) => ({ ...base, params: list }));
  const operations: Operation[] = [
    base,
    { ...base, scope: 'user-2' },
    { ...base, scope: '' },
    { ...base, method: 'PUT' },
    { ...base, method: 'POST/', route: 'orders/:id' },
    { ...base, route: '/orders/:id/' },
    { ...base, route: '/orders/:idk', key: '' },
    { ...base, key: 'K' },
    { ...base, key: 'k ' },
    { ...base, key: '\ud800' },
    { ...base, key: '\udbff' },
    { ...base, key: '\ufffd' },
    { ...base, key: 'k2:id3:one1:1' },
    ...params({}, { id: '2' }, { id: '' }, { no: '1' }, { id: '1', no: '1' }, { id: '11' }, { id1: '' }),
    ...params({ id: [] }, { id: ['1'] }, { id: ['1', '1'] }, { id: ['11'] }, { id: ['1/1'] }, { id: ['1,1'] }, { id: '1,1' }),
    ...params({ id: 'one', one: '1' }, { id: ['1', 'no', 'one', '1'] }, { id: ['1', 'no'], one: '1' }),
    ...params(JSON.parse('{"__proto__":"1"}') as Operation['params']),
  ];
  expect(new Set(operations.map((operation) => recordOf(operationName(operation)))).size).toBe(operations.length);
});

it('a guard is no operation, whatever its key', () => {
  const { scope, key } = base;
  const names = [operationName({ ...base, method: '', route: '', params: {} }), guardName({ scope, key }), guardName({ scope, key: 'K' })];
  expect(new Set(names.map(recordOf)).size).toBe(3);
});

it('parameters may come in any order, and one that is left out is not there', () => {
  const name = operationName({ ...base, params: { a: '1', b: ['2', '3'] } });
  expect(operationName({ ...base, params: { b: ['2', '3'], a: '1' } })).toEqual(name);
  expect(operationName({ ...base, params: { b: ['2', '3'], a: '1', c: undefined } })).toEqual(name);
});

it('all records of a scope can be found by it', () => {
  const scope = scopeDigest(base.scope);
  expect(operationName(base).scope).toBe(scope);
  expect(guardName({ scope: base.scope, key: 'k' }).scope).toBe(scope);
  expect(operationName({ ...base, scope: 'user-2' }).scope).not.toBe(scope);
});

it('names are short text that needs no escaping, and show nothing of what they stand for', () => {
  for (const text of ['secret', '', 'x'.repeat(100_000), '\ud800', '*?[]{}:~']) {
    const { scope, operation } = operationName({ scope: text, method: text, route: text, params: { [text]: text }, key: text });
    // 16 bytes each.
    expect([scope, operation].map((part) => Buffer.from(part, 'base64url').length)).toEqual([16, 16]);
    expect(scope + operation).toMatch(/^[\w-]{44}$/);
  }
});

it('names are the same in every release: records outlive a deployment', () => {
  expect(operationName(base)).toEqual({ scope: 'Ot0DSA7lBTPhrsBb5L89pA', operation: '8BKF87nIqTh9p4C0-5GIbg' });
  expect(guardName({ scope: 'user-1', key: 'order:create:1' })).toEqual({
    scope: 'Ot0DSA7lBTPhrsBb5L89pA',
    operation: 'InAS88WA6NNtxxDWsg_nXw',
  });
});
