import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../support/run.mjs', import.meta.url));
const REPORTER = fileURLToPath(new URL('../support/tally-reporter.mjs', import.meta.url));

describe('npm test ends with its counts', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'run-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(files: Record<string, string>, config: object = {}): { status: number | null; lastLine: string | undefined } {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, 'jest.config.json'), JSON.stringify({ rootDir: folder, reporters: ['default', REPORTER], ...config }));
    // Both streams in one, in the order they are written, as a terminal or a CI log shows them.
    const { status, stdout } = spawnSync(
      'sh',
      ['-c', '"$0" "$@" 2>&1', process.execPath, RUN, '--config', join(folder, 'jest.config.json')],
      {
        encoding: 'utf8',
      },
    );
    return { status, lastLine: stdout.trimEnd().split('\n').at(-1) };
  }

  it('when all is well', () => {
    expect(run({ 'a.test.js': 'test("1", () => {}); test("2", () => {});' })).toEqual({ status: 0, lastLine: '2 passed, 0 failed' });
  });

  it('when a test fails, one is skipped and a suite does not load', () => {
    const files = { 'a.test.js': 'test("1", () => {}); test("2", () => { throw 0 }); test.skip("3", () => {});', 'b.test.js': 'nonsense(' };
    expect(run(files)).toEqual({ status: 1, lastLine: '1 passed, 2 failed, 1 skipped' });
  });

  it('when the global setup throws', () => {
    const files = { 'a.test.js': 'test("1", () => {});', 'setup.js': 'module.exports = () => { throw new Error("no server") };' };
    expect(run(files, { globalSetup: join(folder, 'setup.js') })).toEqual({ status: 1, lastLine: '0 passed, 1 failed' });
  });

  it('when no test is found', () => {
    expect(run({})).toEqual({ status: 1, lastLine: '0 passed, 1 failed' });
  });
});
