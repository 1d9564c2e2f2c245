// @ts-check
import { exact, markdownTable, percent, short } from './format.mjs';

/** @typedef {import('./aggregate.mjs').Aggregate} Aggregate */
/** @typedef {import('../bench.types.js').Scenario} Scenario */
/** @typedef {readonly [heading: string, cell: (of: (figure: string) => number, sum: (figure: string) => number) => string]} Column */

/** @type {readonly Column[]} */
const COSTS = [
  ['sent + published per acquisition', (of) => `${short(of('sentEach'))} + ${short(of('publishedEach'))}`],
  ['inside scripts', (of) => short(of('insideEach'))],
  ['Redis CPU, ms per 1,000', (of) => short(of('cpuMsPerThousand'))],
];

/** @type {readonly Column[]} */
const FREE_LOCK = [
  ['acquisitions/s', (of) => short(of('opsPerSecond'))],
  ['acquired after p50 / p99, ms', (of) => `${short(of('waitP50'))} / ${short(of('waitP99'))}`],
  ...COSTS,
];

/** @param {boolean} several processes @returns {readonly Column[]} */
function contended(several) {
  return [
    ['acquisitions/s', (of) => short(of('opsPerSecond'))],
    [
      several ? 'hand-off between processes p50 / p99, ms' : 'hand-off p50 / p99, ms',
      (of) =>
        several
          ? `${short(of('handOffBetweenP50'))} / ${short(of('handOffBetweenP99'))}`
          : `${short(of('handOffP50'))} / ${short(of('handOffP99'))}`,
    ],
    ...COSTS,
    ['wait p50 / p99 / longest, ms', (of) => `${short(of('waitP50'))} / ${short(of('waitP99'))} / ${short(of('longestWait'))}`],
    several
      ? ['Jain processes / callers', (of) => `${exact(of('jainProcesses'))} / ${exact(of('jainCallers'))}`]
      : ['Jain callers', (of) => exact(of('jainCallers'))],
    ['out of order', (of) => percent(of('inverted'))],
    ['same caller again', (of) => percent(of('sameCallerAgain'))],
    ['refused / not served, of attempts', (_, sum) => `${short(sum('failures'))} / ${short(sum('unserved'))} of ${short(sum('attempts'))}`],
    ['violations', (_, sum) => short(sum('violations'))],
  ];
}

/** @type {readonly Column[]} */
const HOLDING = [
  ['calls/s', (of) => short(of('callsPerSecond'))],
  ['share of the event loop', (of) => percent(of('loopShare'))],
  ['share of a core, client', (of) => percent(of('cpuShare'))],
  ['share of a core, Redis', (of) => percent(of('serverCpuShare'))],
];

/** @type {readonly Column[]} */
const WAITING = [
  ['calls/s of each waiter', (of) => short(of('callsPerSecondEach'))],
  ...HOLDING.slice(1),
  ['Redis bytes, first waiting process', (of) => short(of('redisFirstWaiter'))],
  ['each from the fourth on', (of) => short(of('redisLaterWaiter'))],
];

/** @type {readonly Column[]} */
const MEMORY = [
  ['heap per held lock, bytes', (of) => short(of('heapPerLock'))],
  ['after `signal` was read', (of) => short(of('heapPerLockWithSignal'))],
  ['heap per waiter', (of) => short(of('heapPerWaiter'))],
  ['Redis per held lock', (of) => short(of('redisPerLock'))],
];

/** @type {readonly Column[]} */
const ABANDONED = [['locks left taken by nobody', (_, sum) => short(sum('leaked'))]];

/** @param {Scenario} scenario @returns {readonly Column[]} */
function columnsOf({ work, processes, engines }) {
  switch (work.role) {
    case 'load':
      return work.keys === 'own' || work.callers * processes * engines === 1 ? FREE_LOCK : contended(processes > 1);
    case 'holding':
      return HOLDING;
    case 'waiting':
      return WAITING;
    case 'memory':
      return MEMORY;
    case 'abandoned':
      return ABANDONED;
  }
}

/** @param {Aggregate} aggregate @param {Scenario} scenario */
export function scenarioTable(aggregate, scenario) {
  const columns = columnsOf(scenario);
  const rows = aggregate.adapters(scenario.id).map(({ id: adapter }) => [
    adapter,
    String(aggregate.rounds(scenario.id, adapter)),
    ...columns.map(([, cell]) =>
      cell(
        (figure) => aggregate.of(scenario.id, adapter, figure),
        (figure) => aggregate.sum(scenario.id, adapter, figure),
      ),
    ),
  ]);
  return markdownTable([['', 'rounds', ...columns.map(([heading]) => heading)], ...rows]);
}
