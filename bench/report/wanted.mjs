// @ts-check
import { exact, markdownTable, percent, short } from './format.mjs';

const OURS = 'nestjs-redis-lock';
const COHORT_0 = 'nestjs-redis-lock, cohort 0';
const REFERENCE = 'queue + publish reference';
const RAW = 'raw ioredis';
const SCRIPTS = 'bare EVALSHA of our scripts';
/** "Flat" allows for the commands with which callers first queue, which few sections share. */
const FLAT = 1.15;

/**
 * One number that was set as a goal before anything was built.
 * @typedef {{ what: string, wanted: string, measured: string, reached: boolean }} Row `reached` is meaningless where `measured` is '-'
 * @typedef {import('./aggregate.mjs').Aggregate} Aggregate
 */

/** @param {Aggregate} all @returns {Row[]} */
export function wanted(all) {
  const wire = (/** @type {string} */ scenario, /** @type {string} */ adapter) =>
    all.of(scenario, adapter, 'sentEach') + all.of(scenario, adapter, 'publishedEach');
  const failures = (/** @type {string} */ scenario, /** @type {string} */ adapter) =>
    all.rounds(scenario, adapter) === 0 ? NaN : all.sum(scenario, adapter, 'failures') + all.sum(scenario, adapter, 'unserved');
  const sizes = [10, 100, 1_000, 10_000].map((count) => `waiters-${count}`);
  const engines = [2, 50, 200].map((count) => `instances-${count}`);
  const wires = measured(sizes.map((id) => wire(id, COHORT_0)));
  const perEngines = measured(engines.map((id) => all.of(id, OURS, 'sentEach')));
  const [ceiling, overReference] = [ratio('processes', 'one unlocked caller'), ratio('processes', REFERENCE)];
  const [p50, p99] = ['handOffBetweenP50', 'handOffBetweenP99'].map((figure) => all.of('hand-off', OURS, figure));

  /** @param {string} scenario @param {string} other @param {string} adapter */
  function ratio(scenario, other, adapter = OURS) {
    return all.ratio(scenario, adapter, other, 'opsPerSecond');
  }

  return [
    row(
      'wire commands per contended acquisition, `cohort: 0`, 10 / 100 / 1,000 / 10,000 waiters',
      'at most 3 + 1 publish, flat',
      list(wires, short),
      {
        reached: Math.max(...wires) <= 4 && Math.max(...wires) <= FLAT * Math.min(...wires),
      },
    ),
    atMost('the same with the default cohort, 1,000 waiters in one process', all.of('waiters-1000', OURS, 'sentEach'), 0.1),
    atMost('the same, 4 processes x 25 callers', all.of('processes', OURS, 'sentEach'), 0.3),
    atLeast('1,000 callers in one process, rate against the reference, default cohort', ratio('waiters-1000', REFERENCE), 5),
    atLeast('the same, `cohort: 0`', ratio('waiters-1000', REFERENCE, COHORT_0), 1),
    atMost('failures of 1,000 callers, either cohort', failures('waiters-1000', OURS) + failures('waiters-1000', COHORT_0), 0),
    row(
      '4 processes x 25 callers, 1 ms sections, rate against the ceiling / the reference',
      'the greater of 0.75 of the one and 1.3 of the other',
      list([ceiling, overReference], exact),
      {
        reached: ceiling >= 0.75 && overReference >= 1.3,
      },
    ),
    atMost('failures there', failures('processes', OURS), 0),
    atLeast("Jain's index over processes there", all.of('processes', OURS, 'jainProcesses'), 0.98),
    atLeast("Jain's index over callers there", all.of('processes', OURS, 'jainCallers'), 0.95),
    atMost('p99 wait against p50 there', all.of('processes', OURS, 'waitP99') / all.of('processes', OURS, 'waitP50'), 2),
    atMost('hand-off between processes, p50 against the reference', all.ratio('hand-off', OURS, REFERENCE, 'handOffBetweenP50'), 1.3),
    atMost('hand-off between processes, p99 against p50', (p99 ?? NaN) / (p50 ?? NaN), 5),
    row('commands sent per acquisition, 2 / 50 / 200 engine instances', 'flat', list(perEngines, short), {
      reached: Math.max(...perEngines) <= FLAT * Math.min(...perEngines),
    }),
    atMost('heartbeats of 20 waiting instances, per second and instance', all.of('waiting', OURS, 'callsPerSecondEach'), 2.1),
    row('callers of one process served before one that came earlier', '0', percent(all.of('waiters-100', OURS, 'inverted')), {
      reached: all.of('waiters-100', OURS, 'inverted') === 0,
    }),
    atLeast(
      'hand-offs that go to another process, `cohort: 0`, 4 processes (1 = round-robin)',
      all.of('processes', COHORT_0, 'changesOfProcess'),
      0.99,
    ),
    atLeast('uncontended, sequential, rate against raw ioredis', ratio('sequential', RAW), 0.8),
    atLeast('uncontended, 64 in flight, rate against raw ioredis', ratio('in-flight-64', RAW), 0.75),
    atLeast('uncontended, sequential, rate against bare EVALSHA of the same scripts', ratio('sequential', SCRIPTS), 0.95),
    atMost('uncontended, commands sent per section', all.of('sequential', OURS, 'sentEach'), 2.02),
    atMost('renewal of 1,000 locks at a 3 s lease, calls/s', all.of('renewal-1000', OURS, 'callsPerSecond'), 12),
    atMost('share of the event loop there', all.of('renewal-1000', OURS, 'loopShare'), 0.015, percent),
    atMost('renewal of 10,000 locks at a 30 s lease, calls/s', all.of('renewal-10000', OURS, 'callsPerSecond'), 20),
    atMost('share of a core there', all.of('renewal-10000', OURS, 'cpuShare'), 0.05, percent),
    atMost('heap per held lock, bytes', all.of('memory', OURS, 'heapPerLock'), 600),
    atMost('heap per held lock after `signal` was read, bytes', all.of('memory', OURS, 'heapPerLockWithSignal'), 1_400),
    atMost('Redis bytes per held lock', all.of('memory', OURS, 'redisPerLock'), 200),
    atMost('Redis bytes of the first waiting process', all.of('waiting', OURS, 'redisFirstWaiter'), 300),
    atMost('Redis bytes of each from the fourth on', all.of('waiting', OURS, 'redisLaterWaiter'), 150),
    atMost(
      'locks left taken after 100 waiters gave up at the hand-over',
      all.rounds('abandoned', OURS) === 0 ? NaN : all.sum('abandoned', OURS, 'leaked'),
      0,
    ),
  ];
}

/** @param {Aggregate} all */
export function wantedTable(all) {
  return markdownTable([
    ['', 'wanted', 'measured', ''],
    ...wanted(all).map(({ what, wanted: goal, measured: found, reached }) => [
      what,
      goal,
      found,
      found === '-' ? 'not measured' : reached ? 'reached' : '**not reached**',
    ]),
  ]);
}

/** @param {string} what @param {string} goal @param {string} found @param {{ reached: boolean }} verdict @returns {Row} */
function row(what, goal, found, { reached }) {
  return { what, wanted: goal, measured: found, reached };
}

/** @param {string} what @param {number} value @param {number} limit */
function atMost(what, value, limit, format = short) {
  return row(what, limit === 0 ? '0' : `at most ${format(limit)}`, format(value), { reached: value <= limit });
}

/** @param {string} what @param {number} value @param {number} limit */
function atLeast(what, value, limit) {
  return row(what, `${limit} or more`, exact(value), { reached: value >= limit });
}

/** @param {readonly number[]} values */
const measured = (values) => values.filter(Number.isFinite);

/** One value alone says nothing about what it is to be compared with. @param {readonly number[]} values @param {(value: number) => string} format */
function list(values, format) {
  return measured(values).length > 1 ? values.map(format).join(' / ') : '-';
}
