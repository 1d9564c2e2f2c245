// Builds the published package: dist/esm and dist/cjs from the same sources, and the repository's README and LICENSE beside them.
// Does nothing when the last build's inputs are unchanged; --force builds all the same.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fingerprint } from './fingerprint.mjs';

const run = promisify(execFile);
const home = fileURLToPath(new URL('..', import.meta.url));
const workspace = join(home, '../..');
const dist = join(home, 'dist');
const stamp = join(home, '.cache/build-stamp');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

for (const file of ['README.md', 'LICENSE']) {
  if (existsSync(join(workspace, file))) {
    copyFileSync(join(workspace, file), join(home, file));
  }
}

const inputs = fingerprint([
  join(home, 'src'),
  join(home, 'scripts'),
  join(home, 'tsconfig.build.json'),
  join(home, 'tsconfig.cjs.json'),
  join(workspace, 'tsconfig.json'),
  join(workspace, 'package-lock.json'),
]);
const upToDate = existsSync(dist) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;

if (!upToDate || process.argv.includes('--force')) {
  // Built beside its place and then moved there: a process that reads dist meanwhile never sees half a build.
  // The same depth as dist, or the paths in the source maps would be wrong.
  const staging = join(home, `dist.${process.pid}`);
  try {
    await Promise.all([compile('tsconfig.build.json', join(staging, 'esm')), compile('tsconfig.cjs.json', join(staging, 'cjs'))]);
    writeFileSync(join(staging, 'cjs/package.json'), '{ "type": "commonjs" }\n');
    rmSync(dist, { recursive: true, force: true });
    renameSync(staging, dist);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, inputs);
  } catch (error) {
    console.error(reasonOf(error));
    process.exitCode = 1;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * @param {string} config
 * @param {string} outDir
 */
function compile(config, outDir) {
  return run(process.execPath, [tsc, '-p', join(home, config), '--outDir', outDir, '--noEmitOnError', '--pretty', 'false']);
}

/** What the compiler said, where it was the compiler. @param {unknown} error */
function reasonOf(error) {
  return error instanceof Error && 'stdout' in error && error.stdout ? error.stdout : error;
}
