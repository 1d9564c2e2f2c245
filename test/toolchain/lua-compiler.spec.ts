import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFolder, compileOperation } from '../../libs/redis-lock/scripts/lua-compiler.mjs';

const HEADER = '-- Does something.\n-- KEYS  1 lock\n-- Reply 1\n';

describe('the Lua build', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lua-'));
    mkdirSync(join(folder, 'includes'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const sourceOf = (text: string): string => {
    write('try.lua', HEADER + text);
    return compileOperation(folder, 'try').source;
  };

  it('drops comments and blank lines and keeps the indentation', () => {
    expect(sourceOf('\nif a then -- why\n  -- nothing\n\n  b() \nend\n')).toBe('if a then\n  b()\nend\n');
  });

  it('knows a comment from a string that looks like one', () => {
    expect(sourceOf(`local a = '--' .. "-- \\" --" -- gone`)).toBe(`local a = '--' .. "-- \\" --"\n`);
  });

  it('puts an include where it is asked for first, and only once', () => {
    write('includes/base.lua', '-- The base.\nlocal base = 1\n');
    write('includes/next.lua', '-- @include base\nlocal next = base\n');
    expect(sourceOf('-- @include next\n-- @include base\nreturn next\n')).toBe('local base = 1\nlocal next = base\nreturn next\n');
  });

  it.each([
    ['a shebang', '#!lua flags=allow-oom\nreturn 1', /try\.lua:4: no "#!lua" line/],
    ['a long comment', '--[[ x ]]', /long brackets/],
    ['a long string', 'return [==[ x ]==]', /long brackets/],
    ['an include that is not there', '-- @include nowhere', /nowhere\.lua/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => sourceOf(text)).toThrow(message);
  });

  it('refuses includes that go round in a circle', () => {
    write('includes/a.lua', '-- @include b\n');
    write('includes/b.lua', '-- @include a\n');
    expect(() => sourceOf('-- @include a')).toThrow(/a -> b -> a/);
  });

  it('refuses an operation that does not say what goes in and what comes out', () => {
    write('try.lua', '-- KEYS  1 lock\nreturn 1');
    expect(() => compileOperation(folder, 'try')).toThrow(/"-- Reply"/);
  });

  it('writes constants that carry the digest Redis will know the script by', () => {
    write('give-back.lua', HEADER + "return '\\\\' .. '`${x}'");
    const sha1 = createHash('sha1').update("return '\\\\' .. '`${x}'\n").digest('hex');
    const text = compileFolder(folder);
    expect(text).toContain(`export const GIVE_BACK: LuaScript = {\n  name: 'give-back',\n  sha1: '${sha1}',`);
    expect(text).toContain("return '\\\\\\\\' .. '\\`\\${x}'");
  });

  it('tells when the constants are stale', () => {
    const command = fileURLToPath(new URL('../../libs/redis-lock/scripts/build-lua.mjs', import.meta.url));
    const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args, folder], { encoding: 'utf8' });
    write('try.lua', `${HEADER}return 1\n`);
    expect(run('--check')).toMatchObject({ status: 1, stderr: expect.stringContaining('is stale') as string });
    expect(run().status).toBe(0);
    expect(run('--check').status).toBe(0);
    expect(readFileSync(join(folder, 'scripts.generated.ts'), 'utf8')).toBe(compileFolder(folder));
    appendFileSync(join(folder, 'try.lua'), 'return 2\n');
    expect(run('--check').status).toBe(1);
  });
});
