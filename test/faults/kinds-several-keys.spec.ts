import type { Crowd, CrowdReport, Wish } from './children/kinds-agent.js';
import { fairness, faultsOf } from './support/kinds-judge.js';
import { nothingLeft, sharedScene } from './support/kinds-processes.js';
import { scaled } from './support/until.js';

const PROCESSES = 4;
const CALLERS = 4;
const KEYS = ['a', 'b', 'c', 'd', 'e'];
const WAIT_MS = 20_000;
const shared = sharedScene(PROCESSES);

/** Every pair and every triple, in every order. */
function choices(): string[][] {
  const pairs = KEYS.flatMap((one) => KEYS.filter((key) => key !== one).map((two) => [one, two]));
  const triples = pairs.flatMap((pair) => KEYS.filter((key) => !pair.includes(key)).map((three) => [...pair, three]));
  return [...pairs, ...triples];
}

function wishes(manner: Wish['manner'], keys: readonly string[][]): Wish[] {
  return keys.map((some) => ({ manner, keys: some, options: { wait: WAIT_MS, ttl: '3s' } }));
}

const ALONE = wishes('write', choices());
const SINGLE = wishes(
  'write',
  KEYS.map((key) => [key]),
);
const READING = wishes('read', choices());

it.each([
  ['alone', ALONE],
  ['beside callers of single keys', [...ALONE, ...SINGLE, ...SINGLE]],
  ['to read and to write', [...ALONE, ...READING, ...SINGLE]],
])(
  'four processes that take pairs and triples of five keys in any order never block each other for good: %s',
  async (_what, all) => {
    const { observer, processes, visits } = shared();
    const crowd: Omit<Crowd, 'seed'> = { wishes: all, callers: CALLERS, ms: scaled(4_000), insideMs: 3, awayMs: 3 };
    const reports = await Promise.all(processes.map((one, seed): Promise<CrowdReport> => one.crowd({ ...crowd, seed })));

    const shares = reports.map((report) => report.visits);
    console.log(`${JSON.stringify(reports)}, fairness ${fairness(shares).toFixed(3)}`);
    expect(visits(...KEYS).length).toBeGreaterThan(scaled(10));
    expect(faultsOf(visits(...KEYS)).slice(0, 5)).toEqual([]);
    expect(reports.map(({ errors }) => errors)).toEqual(reports.map(() => ({})));
    expect(fairness(shares)).toBeGreaterThan(0.8);
    expect(Math.min(...shares)).toBeGreaterThan(scaled(10));
    await nothingLeft(observer);
  },
  60_000,
);
