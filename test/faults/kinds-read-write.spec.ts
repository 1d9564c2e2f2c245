import type { Crowd, Wish } from './children/kinds-agent.js';
import { faultsOf, mostTogether } from './support/kinds-judge.js';
import { nothingLeft, sharedScene } from './support/kinds-processes.js';
import { scaled } from './support/until.js';

const PROCESSES = 4;
const CALLERS = 8;
const shared = sharedScene(PROCESSES);

function wish(manner: Wish['manner'], key: string): Wish {
  return { manner, keys: [key], options: { wait: '20s' } };
}

function errorsOf(reports: readonly { readonly errors: object }[]): string[] {
  return reports.flatMap(({ errors }) => Object.keys(errors));
}

it.each<[what: string, manners: Wish['manner'][]]>([
  ['few', ['write', 'read', 'read', 'read', 'read']],
  ['many', ['write', 'write', 'read']],
])(
  '%s writers of four processes are alone, readers are together, and fences rise in the order of grants',
  async (key, manners) => {
    const { observer, processes, visits } = shared();
    const wishes = manners.map((manner) => wish(manner, key));
    const crowd: Omit<Crowd, 'seed'> = { wishes, callers: CALLERS, ms: scaled(4_000), insideMs: 4, awayMs: 6 };
    const reports = await Promise.all(processes.map((one, seed) => one.crowd({ ...crowd, seed })));

    const seen = visits(key);
    const counts = ['read', 'write'].map((manner) => seen.filter((visit) => visit.manner === manner).length);
    console.log(
      `Reads and writes: ${counts.join(', ')}; most readers at once: ${String(mostTogether(seen, 'read'))}; ${JSON.stringify(reports)}`,
    );
    expect(faultsOf(seen).slice(0, 5)).toEqual([]);
    expect(errorsOf(reports)).toEqual([]);
    expect(seen).toHaveLength(reports.reduce((sum, report) => sum + report.visits, 0));
    expect(Math.min(...counts)).toBeGreaterThan(scaled(50));
    // More than one process has: they share it across processes.
    expect(mostTogether(seen, 'read')).toBeGreaterThan(2);
    await nothingLeft(observer);
  },
  60_000,
);
