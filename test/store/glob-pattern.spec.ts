import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { globPattern } from '../../libs/redis-lock/src/store/memory/glob-pattern.js';
import { Dice } from '../simulation/support/dice.js';

const PATTERNS = 600;
const KEYS = 150;
const ALPHABET = ['a', 'b', 'c', '*', '?', '[', ']', '^', '-', '\\', 'ä', '\n'] as const;

it('the memory store matches globs as Redis does, odd ones included', async () => {
  const seed = Number(process.env['GLOB_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const dice = new Dice(seed);
  const [first, ...others] = ALPHABET;
  const word = (longest: number): string =>
    Array.from({ length: dice.whole(1, longest) }, () => dice.pick<string>(first, ...others)).join('');
  const prefix = `glob-${randomBytes(6).toString('hex')}:`;
  const redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
  try {
    const keys = [...new Set(Array.from({ length: KEYS }, () => word(4)))];
    for (const key of keys) await redis.set(prefix + key, '', 'PX', 60_000);
    const differences: unknown[] = [];
    let matches = 0;
    for (let i = 0; i < PATTERNS; i++) {
      const pattern = word(6);
      // Whether a byte above 127 comes before or after the others in a range depends on the processor Redis runs on.
      if (pattern.includes('ä') && pattern.includes('-')) continue;
      const atRedis = (await redis.keys(prefix + pattern)).map((name) => name.slice(prefix.length)).sort();
      const here = keys.filter((key) => globPattern(pattern).test(key)).sort();
      matches += here.length;
      if (JSON.stringify(here) !== JSON.stringify(atRedis)) differences.push({ pattern, here, atRedis });
    }
    expect({ seed, differences: differences.slice(0, 3) }).toEqual({ seed, differences: [] });
    expect(matches).toBeGreaterThan(PATTERNS);
  } finally {
    redis.disconnect();
  }
});

it('a pattern with many stars takes no longer than it must', () => {
  const pattern = globPattern(`${'*a'.repeat(30)}b`);
  const since = performance.now();
  expect(pattern.test('a'.repeat(1_000))).toBe(false);
  expect(performance.now() - since).toBeLessThan(1_000);
});
