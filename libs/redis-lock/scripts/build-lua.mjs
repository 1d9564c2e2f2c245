// Usage: node build-lua.mjs [--check] [folder]
// Writes scripts.generated.ts beside the Lua files; with --check only says whether it is up to date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileFolder } from './lua-compiler.mjs';

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean', default: false } }, allowPositionals: true });
const folder = positionals[0] ?? fileURLToPath(new URL('../src/lua/', import.meta.url));
const target = join(folder, 'scripts.generated.ts');

try {
  const wanted = compileFolder(folder);
  const current = existsSync(target) ? readFileSync(target, 'utf8') : '';
  if (current !== wanted) {
    if (values.check) {
      throw new Error(`${target} is stale: run npm run build:lua`);
    }
    writeFileSync(target, wanted);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
