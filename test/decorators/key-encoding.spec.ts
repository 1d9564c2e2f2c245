import { Locked, RedisLockModule } from 'nestjs-redis-lock';
import { randomFrom } from '../faults/support/random.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { TestApp, Watched } from './support/test-app.js';

const owned = ownedByEachTest();

/** A function that makes the key of a template, as the lock gets it. */
async function keysOf(template: string): Promise<(...values: string[]) => Promise<string>> {
  class Service extends Watched {
    @Locked(template)
    async run(..._values: string[]): Promise<string> {
      return this.key() as string; // a single key
    }
  }
  const memory = RedisLockModule.forRoot({ connection: 'memory' });
  const service = owned.add(await TestApp.startWithout({ imports: [memory], providers: [Service] })).get(Service);
  return (...values) => service.run(...values);
}

/** All texts of one and two of these characters. */
function texts(alphabet: string[]): string[] {
  return alphabet.flatMap((first) => ['', ...alphabet].map((second) => first + second));
}

/** Makes every key, and checks that no two lists of values share one. */
async function expectOneKeyEach(template: string, lists: Iterable<string[]>): Promise<number> {
  const keyOf = await keysOf(template);
  const seen = new Map<string, string>();
  for (const values of lists) {
    const key = await keyOf(...values);
    const list = JSON.stringify(values);
    const other = seen.get(key) ?? list;
    if (other !== list) throw new Error(`${template}: ${other} and ${list} have the same key, ${key}`);
    seen.set(key, list);
  }
  return seen.size;
}

function* pairs(alphabet: string[]): Generator<string[]> {
  for (const first of texts(alphabet)) for (const second of texts(alphabet)) yield [first, second];
}

describe('two lists of arguments never have the same key', () => {
  it.each([
    ['{0}:{1}', ':'],
    ['{0}{1}', 'a'],
    ['{0}-{1}', '-'],
    ['{0}x{1}', 'x'],
    ['{0}A{1}', 'A'],
    ['{0}2{1}', '2'],
    ['{0}u{1}', 'u'],
    ['{0}25{1}', '2'],
    ['{0}%{1}', '.'],
    ['{0}%.{1}', '.'],
    ['{0}%3A{1}', 'A'],
    ['{0}ab-c{1}', '-'],
    ['{0}→{1}', '→'],
    ['{0}🛒{1}', '🛒'],
    ['{0}^{1}', '^'],
    ['{0}]{1}', ']'],
    ['{0}\\{1}', '\\'],
    ['{{{0}}}{1}', '}'],
    ['a:{0}/{1}:b', '/'],
  ])('from the template %s', async (template, separator) => {
    const alphabet = [separator, '%', '2', '5', '.'];
    expect(await expectOneKeyEach(template, pairs([...new Set(alphabet)]))).toBeGreaterThan(300);
  });

  it('from templates with more of them, whatever is in the values', async () => {
    const random = randomFrom(20_261);
    const characters = Array.from('%.:/-~{}uUA0D8 a\n\u0085é→🛒').concat('\ud83d', '\uded2');
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // never empty
    const value = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(characters)).join('');
    function* lists(): Generator<string[]> {
      for (let i = 0; i < 1_500; i++) yield [value(), value(), value()];
    }
    for (const template of ['{0}{1}{2}', '{0}:{1}-{2}', '{0}-{1}{2}', 'k{0}D{1}8{2}', '{0}%u{1}→{2}']) {
      expect(await expectOneKeyEach(template, lists())).toBeGreaterThan(1_000);
    }
  }, 60_000);
});

it.each([
  ['{0}:{1}', ['a-b', 'c-d'], 'a-b:c-d'],
  ['{0}-{1}', ['a-b', 'c-d'], 'a%2Db-c-d'],
  ['{0}x{1}', ['640', '480'], '640x480'],
  ['{0}{1}', ['a', 'b'], 'a%.b'],
  ['{0}→{1}', ['a→', 'b'], 'a%u2192→b'],
])('only what could be mistaken is encoded: %s', async (template, values, key) => {
  expect(await (await keysOf(template))(...values)).toBe(key);
});
