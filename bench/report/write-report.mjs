// @ts-check
import { mkdir, writeFile } from 'node:fs/promises';
import { ADAPTERS } from '../adapters/adapters.mjs';
import { Aggregate } from './aggregate.mjs';
import { charts } from './charts.mjs';
import { markdownTable } from './format.mjs';
import { scenarioTable } from './scenario-tables.mjs';
import { leftOutLines, troubles } from './summary-text.mjs';
import { wantedTable } from './wanted.mjs';

/**
 * Writes benchmarks.md and benchmarks/*.svg.
 * @param {import('../bench.types.js').Results} results
 * @param {string} folder
 */
export async function writeReport(results, folder) {
  const all = new Aggregate(results);
  const pictures = charts(all).filter(({ scenario }) => all.adapters(scenario).length > 0);
  await mkdir(`${folder}/benchmarks`, { recursive: true });
  for (const { file, content } of pictures) await writeFile(`${folder}/benchmarks/${file}.svg`, content);
  const measured = results.scenarios.filter(({ id }) => all.adapters(id).length > 0);
  const scenarios = measured.flatMap((scenario) => [
    `### ${scenario.title}`,
    ...pictures.filter((chart) => chart.scenario === scenario.id).map(({ file, title }) => `![${title}](benchmarks/${file}.svg)`),
    scenarioTable(all, scenario),
    troubles(all, scenario.id)
      .map((line) => `- ${line}`)
      .join('\n'),
  ]);
  const options = markdownTable([['', 'options'], ...ADAPTERS.map(({ id, options: text }) => [`**${id}**`, text])]).replace('---:', '---');
  const parts = [
    '# Benchmarks',
    `Written by \`npm run bench\` on ${results.date.slice(0, 10)}; do not edit. The whole run took ${Math.round(results.seconds / 60)} minutes. ${machine(results)}`,
    'What counts is the ratios between adapters of the same run. The absolute numbers are those of one machine, with clients and server on the same cores.',
    '## Wanted and measured',
    'The goals were set before the contended path was built.',
    wantedTable(all),
    '## How it is measured',
    METHOD,
    '## Who takes part',
    PEERS,
    options,
    '## Scenarios',
    ...scenarios,
    ...(results.leftOut.length === 0
      ? []
      : [
          '## Left out',
          'The time did not suffice for:',
          leftOutLines(results)
            .map((line) => `- ${line}`)
            .join('\n'),
        ]),
  ];
  await writeFile(`${folder}/benchmarks.md`, `${parts.filter((part) => part !== '').join('\n\n')}\n`);
}

/** @param {import('../bench.types.js').Results} results */
function machine({ machine: { cpu, cores, memoryGb }, versions }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cores} cores (${cpu}), ${memoryGb} GB; ${packages.join(', ')}.`;
}

const METHOD = `\
- Each trial is one adapter in one scenario, in fresh processes that do nothing else. The adapters take turns in rounds, so that the machine's moods hit all alike. Figures are
  medians over rounds; ratios are taken within each round, and the median of those is given.
- Callers run in a closed loop: each asks again as soon as it was served or refused. After the time is up, attempts under way may end; those that do not are "not served".
  The first fifth of the time, in which queues form, counts for failures, commands and violations only. Before it each engine has run for 150 ms, and for 1.5 s
  where nobody contends: there microseconds are compared, and code that is not compiled yet is several times as slow.
- A section's entry and exit are noted on the monotonic clock that all processes of a machine share. A violation is a section that begins before the one before it has ended; no
  lock takes part in finding that out. A hand-off is the time from the end of a section, when release is called, to the beginning of the next one, where its caller waited already.
- Commands come from the difference of \`INFO commandstats\`. EVAL, EVALSHA, SCRIPT and SUBSCRIBE cannot be called by scripts, so they were sent by a client, and so was SET where
  an adapter sends it by itself; PUBLISH is a message and stands apart; everything else ran inside scripts. Redis CPU is the difference of \`used_cpu_user + used_cpu_sys\`.
- Out of order: of two callers of one process that both waited, and that were served one after the other, the later one had asked first.
- Same caller again: sections that followed one of the same caller. Callers that poll sleep while others wait, so the one that releases often gets the lock again at once: that makes
  rates high, hand-offs rare, and the waits of everybody else long.
- Jain's index is 1 where all have got the same number of sections, and 1/n where one of n has got all. With more callers than sections it is low for everybody.
- Heap is what is left after two garbage collections; Redis bytes are what \`MEMORY USAGE\` says of all keys of the lock.`;

const PEERS = `\
All of them run on one Redis, each engine with connections of its own. "tuned" is what its options allow for many waiters: short delays, and patience for longer than the run.
\`redlock\` is 5.0.0-beta.2. \`redlock-universal\` asks for Node 22 in its package.json and works on Node 20. \`@nestjs-redis/lock\` allows Nest up to 11 in its package.json, works with 12, needs
the client \`redis\` instead of ioredis, and renews only when asked to, which only the tuned adapter does. \`@sesamecare-oss/redlock\` carries the MIT licence in its files and "UNLICENSED" in its
package.json. The reference is what a queue with direct hand-off costs at least: it repairs nothing, so a lost message or a dead process stops it for good.`;
