import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Results } from '../../bench/bench.types.js';

const RUN = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));
const LOADER = new URL('../../tools/typescript-loader.mjs', import.meta.url).href;
const OURS = 'nestjs-redis-lock';

describe('npm run bench', () => {
  let folder: string;
  let printed: string;
  let results: Results;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-'));
    // On the current sources, so that no build is needed.
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', LOADER, RUN, '--tiny', '--no-build', '--out', folder]);
    printed = stdout;
    const [file = 'none'] = await readdir(folder);
    results = JSON.parse(await readFile(join(folder, file), 'utf8')) as Results; // it is what the command wrote
  }, 60_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('runs every adapter of every scenario in processes of its own, and none of them fails', () => {
    expect(results.leftOut).toEqual([]);
    expect(results.trials.map(({ scenario, adapter }) => `${scenario}: ${adapter}`)).toEqual([
      `sequential: ${OURS}`,
      'sequential: raw ioredis',
      `waiters-100: ${OURS}`,
      'waiters-100: queue + publish reference',
      `processes: ${OURS}`,
      'processes: queue + publish reference',
      'processes: one unlocked caller',
    ]);
    expect(results.trials.filter(({ errors }) => Object.keys(errors).length > 0)).toEqual([]);
  });

  it('finds our sections exclusive, complete, and at the cost that is known', () => {
    const ours = results.trials.filter(({ adapter }) => adapter === OURS);
    for (const { figures } of ours) expect(figures).toMatchObject({ violations: 0, failures: 0, unserved: 0 });
    expect(ours[0]?.figures['sentEach']).toBeCloseTo(2, 1);
    expect(ours[1]?.figures['sentEach']).toBeLessThan(0.2);
  });

  it('compares what it measured with what was wanted', () => {
    expect(printed).toMatch(/uncontended, sequential, rate against raw ioredis +0\.8 or more +\d/);
    expect(printed).toMatch(/renewal of 10,000 locks at a 30 s lease, calls\/s .*not measured/);
  });

  it('refuses a scenario that does not exist', async () => {
    const asked = promisify(execFile)(process.execPath, [RUN, '--no-build', '--only', 'procesess']);
    await expect(asked).rejects.toThrow(/There is no scenario procesess.*sequential/);
  });
});
