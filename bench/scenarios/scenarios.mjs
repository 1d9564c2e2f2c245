// @ts-check

/** @typedef {import('../bench.types.js').Scenario} Scenario */

/**
 * How much is done: `full` is what the documentation shows, `quick` what fits into a minute, `tiny` is for tests of the bench itself.
 * @typedef {'full' | 'quick' | 'tiny'} Size
 */

/** Rounds of each family. What the numbers of the table are about has more of them. */
const CONTENDED = {
  full: { ours: 5, 'cohort 0': 5, reference: 5, peer: 1, 'tuned peer': 2 },
  quick: { ours: 1, 'cohort 0': 1, reference: 1 },
  tiny: { ours: 1, reference: 1 },
};
const FREE = {
  full: { ours: 15, reference: 2, floor: 15, scripts: 15, peer: 2, 'tuned peer': 1 },
  quick: { ours: 1, floor: 1, scripts: 1 },
  tiny: { ours: 1, floor: 1 },
};
const INSTANCES = { full: { ours: 3, 'cohort 0': 3, reference: 3, 'tuned peer': 1 }, quick: { ours: 1, 'cohort 0': 1, reference: 1 } };
const QUIET = { full: { ours: 2, reference: 1, peer: 1, 'tuned peer': 1 }, quick: { ours: 1 } };

/** @param {Size} size @returns {Scenario[]} */
export function scenariosOf(size) {
  const full = size === 'full';
  const measureMs = { full: 1_500, quick: 400, tiny: 150 }[size];
  const warmUpMs = { full: 1_500, quick: 400, tiny: 150 }[size];
  const drainMs = { full: 2_500, quick: 1_000, tiny: 1_000 }[size];
  /** @param {number} callers @param {'shared' | 'own'} keys @param {number} sectionMs @param {number} longer @returns {import('../bench.types.js').LoadJob} */
  const load = (callers, keys = 'shared', sectionMs = 0, longer = 1) => ({
    role: 'load',
    callers,
    keys,
    sectionMs,
    measureMs: Math.round(longer * measureMs),
    drainMs: Math.round(longer * drainMs),
  });
  const [contended, free] = [CONTENDED[size], FREE[size]];
  const [many, quiet] = full ? [INSTANCES.full, QUIET.full] : [INSTANCES.quick, QUIET.quick];
  const one = { processes: 1, engines: 1 };

  /** @param {number} callers @param {number} longer @returns {Scenario} */
  const waiters = (callers, longer = 1) => ({
    id: `waiters-${callers}`,
    title: `${callers.toLocaleString('en')} callers in one process, one lock, empty sections`,
    ...one,
    work: load(callers, 'shared', 0, longer),
    rounds: contended,
  });
  /** @param {number} engines @param {number} processes @returns {Scenario} */
  const instances = (engines, processes) => ({
    id: `instances-${engines}`,
    title: `${engines} engine instances with one caller each, one lock, empty sections`,
    processes,
    engines: engines / processes,
    work: load(1, 'shared', 0, full ? 2 : 1),
    rounds: many,
  });
  /** @param {number} locks @param {number} ttl @param {Scenario['rounds']} plan @returns {Scenario} */
  const renewal = (locks, ttl, plan) => ({
    id: `renewal-${locks}`,
    title: `${locks.toLocaleString('en')} held locks with a lease of ${ttl / 1_000} s, being renewed`,
    ...one,
    ttl,
    // A whole number of rounds of renewal, at a third of the lease.
    work: { role: 'holding', locks, settleMs: full ? ttl / 3 : 200, measureMs: (full ? 2 : 1) * (ttl / 3) },
    rounds: plan,
  });

  /** @type {Scenario[]} */
  const always = [
    // Their rates are a matter of microseconds: what is compared is code that the compiler has had its time with.
    {
      id: 'sequential',
      title: 'One caller, one free lock at a time',
      ...one,
      work: { ...load(1, 'shared', 0, 2 / 3), warmUpMs },
      rounds: free,
    },
    {
      id: 'in-flight-64',
      title: '64 callers in one process, each with a free lock of its own',
      ...one,
      work: { ...load(64, 'own', 0, 2 / 3), warmUpMs },
      rounds: free,
    },
    ...(full ? [waiters(10)] : []),
    waiters(100),
    waiters(1_000),
    {
      id: 'processes',
      title: '4 processes with 25 callers each, one lock, sections of 1 ms',
      processes: 4,
      engines: 1,
      work: load(25, 'shared', 1, 2),
      rounds: { ...contended, ...(size === 'quick' ? { 'tuned peer': 1 } : {}), unlocked: full ? 5 : 1 },
    },
    {
      id: 'hand-off',
      title: '4 processes with one caller each, one lock, sections of 1 ms',
      processes: 4,
      engines: 1,
      work: load(1, 'shared', 1),
      rounds: contended,
    },
  ];
  if (size === 'tiny') return always.filter(({ id }) => ['sequential', 'waiters-100', 'processes'].includes(id));
  return [
    ...always,
    ...(full ? [{ ...waiters(10_000, 2), rounds: { ...contended, ours: 3, 'cohort 0': 3, reference: 3, 'tuned peer': 1 } }] : []),
    ...(full ? [instances(2, 2)] : []),
    instances(50, 2),
    ...(full ? [instances(200, 2)] : []),
    {
      id: 'waiting',
      title: 'One engine instance holds a lock for long and 20 others wait for it',
      processes: 1,
      engines: 21,
      work: { role: 'waiting', settleMs: 1_000, measureMs: full ? 3_000 : 1_000 },
      rounds: quiet,
    },
    {
      id: 'abandoned',
      title: '100 locks whose one waiter gives up about when the holder releases',
      processes: 1,
      engines: 2,
      work: { role: 'abandoned', locks: 100, waitMs: 300 },
      rounds: full ? { ours: 3, 'tuned peer': 3 } : { ours: 1 },
    },
    renewal(1_000, 3_000, quiet),
    ...(full ? [renewal(10_000, 30_000, { ours: 1 })] : []),
    {
      id: 'memory',
      title: full ? 'Memory of 10,000 held locks and 5,000 waiters' : 'Memory of 2,000 held locks and 1,000 waiters',
      ...one,
      work: full ? { role: 'memory', locks: 10_000, waiters: 5_000 } : { role: 'memory', locks: 2_000, waiters: 1_000 },
      rounds: quiet,
    },
  ];
}
