import type { Crowd, Wish } from './children/kinds-agent.js';
import { fairness, faultsOf, mostTogether } from './support/kinds-judge.js';
import { nothingLeft, sharedScene } from './support/kinds-processes.js';
import { scaled } from './support/until.js';

const PROCESSES = 4;
/** Otherwise nobody would have to wait for the tenth permit. */
const CALLERS = 6;
const shared = sharedScene(PROCESSES, { ttl: '3s' });

it.each([1, 3, 10])(
  'never more than %d permits over four processes, all of them used, and each process has its share',
  async (limit) => {
    const { observer, processes, visits } = shared();
    const key = `gate:${String(limit)}`;
    const wishes: Wish[] = [{ manner: limit, keys: [key], options: { wait: '20s' } }];
    const crowd: Omit<Crowd, 'seed'> = { wishes, callers: CALLERS, ms: scaled(4_000), insideMs: 4 + 4 * limit, awayMs: 0 };
    const reports = await Promise.all(processes.map((one, seed) => one.crowd({ ...crowd, seed })));

    const seen = visits(key);
    const shares = reports.map((report) => report.visits);
    const longest = reports.map(({ longestMs }) => Math.max(...Object.values(longestMs)));
    console.log(
      `Limit ${String(limit)}: visits ${shares.join(', ')}, fairness ${fairness(shares).toFixed(3)}, longest waits ${longest.map(Math.round).join(', ')} ms`,
    );
    expect(faultsOf(seen).slice(0, 5)).toEqual([]);
    expect(reports.map(({ errors }) => errors)).toEqual(reports.map(() => ({})));
    expect(seen).toHaveLength(shares.reduce((sum, n) => sum + n, 0));
    expect(mostTogether(seen, limit)).toBe(limit);
    expect(fairness(shares)).toBeGreaterThan(0.9);
    expect(Math.max(...longest)).toBeLessThan(2_000);
    await nothingLeft(observer);
  },
  60_000,
);
