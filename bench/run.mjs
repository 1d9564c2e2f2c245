// @ts-check
/**
 * Measures this package against its peers, a hand-written reference and raw ioredis, and writes bench/results/ and docs/benchmarks.md.
 *
 *   npm run bench                                   everything; bounded by --minutes (25)
 *   npm run bench -- --quick                        within a minute, writes no documentation
 *   npm run bench -- --only processes --rounds 2    one scenario, or several by commas; writes no documentation
 *   npm run bench -- --report FILE                  writes the documentation anew from the results of an earlier run
 *
 * REDIS_URL names the server, which nobody else may use meanwhile; without it one is started.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAll } from './measure-all.mjs';
import { summaryText } from './report/summary-text.mjs';
import { writeReport } from './report/write-report.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  allowNegative: true,
  options: {
    quick: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    build: { type: 'boolean', default: true },
    only: { type: 'string' },
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    report: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('results/', import.meta.url)) },
  },
});

// Only an exit takes the server along.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

if (values.report !== undefined) {
  // The file is what an earlier run wrote.
  const results = /** @type {import('./bench.types.js').Results} */ (JSON.parse(await readFile(values.report, 'utf8')));
  await writeReport(results, `${ROOT}docs`);
} else {
  // What is measured is the package as it is published. Does nothing where that is up to date.
  if (values.build) execFileSync(process.execPath, [`${ROOT}libs/redis-lock/scripts/build.mjs`], { stdio: 'inherit' });
  const size = values.tiny ? 'tiny' : values.quick ? 'quick' : 'full';
  const minutes = values.minutes ?? { full: '25', quick: '0.85', tiny: '0.5' }[size];
  const results = await measureAll({
    size,
    only: values.only?.split(','),
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds),
    minutes: Number(minutes),
    say: (text) => void process.stderr.write(`${text}\n`),
  });
  await mkdir(values.out, { recursive: true });
  const file = `${values.out.replace(/\/$/, '')}/${results.date.replaceAll(':', '-').slice(0, 19)}.json`;
  await writeFile(file, `${JSON.stringify(results, rounded, 2)}\n`);
  if (size === 'full' && values.only === undefined && values.rounds === undefined) await writeReport(results, `${ROOT}docs`);
  process.stdout.write(`${summaryText(results)}\nAll figures: ${file}\n`);
}

/** More digits than these say nothing. @param {string} _key @param {unknown} value */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/** @param {string} name @param {string} text */
function wholeNumber(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}: write a whole number from 1 on`);
  return value;
}
