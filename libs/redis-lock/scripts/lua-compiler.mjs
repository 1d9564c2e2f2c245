import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An operation, ready to be written.
 * @typedef {{ name: string, sha1: string, source: string }} CompiledScript
 */

/**
 * The includes of one operation: those that are in, and the chain that is being resolved.
 * @typedef {{ done: Set<string>, open: string[] }} Included
 */

const INCLUDE = /^--\s*@include\s+(\S+)\s*$/;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
// 'x\'y', "x", a comment to the end of the line, or the start of a long bracket, whichever comes first.
const TOKEN = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|--.*|\[=*\[/g;

/**
 * Compiles every operation in a folder of Lua files (`*.lua`, with `includes/*.lua`) into the text of one TypeScript module.
 * @param {string} folder
 * @returns {string}
 */
export function compileFolder(folder) {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.slice(0, -'.lua'.length))
    .sort();
  const constants = names.map((name) => toConstant(compileOperation(folder, name)));
  return [
    '// Written by `npm run build:lua` from the .lua files beside it. Do not edit.',
    "import type { LuaScript } from './lua-script.js';",
    '',
    ...constants,
  ].join('\n');
}

/**
 * @param {string} folder
 * @param {string} name
 * @returns {CompiledScript}
 */
export function compileOperation(folder, name) {
  const file = join(folder, `${name}.lua`);
  if (!NAME.test(name)) {
    throw new Error(`${file}: an operation is named in kebab-case`);
  }
  const text = readFileSync(file, 'utf8');
  for (const label of ['KEYS', 'Reply']) {
    if (!new RegExp(`^-- ${label}\\b`, 'im').test(text)) {
      throw new Error(`${file}: the header comment lacks its "-- ${label}" line`);
    }
  }
  const source = expand(folder, file, text, { done: new Set(), open: [] }).join('\n') + '\n';
  return { name, sha1: createHash('sha1').update(source).digest('hex'), source };
}

/**
 * Resolves includes, each once and where it is first asked for, and drops comments and blank lines.
 * @param {string} folder
 * @param {string} file
 * @param {string} text
 * @param {Included} included
 * @returns {string[]}
 */
function expand(folder, file, text, included) {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const include = INCLUDE.exec(line.trim())?.[1];
    try {
      if (include !== undefined) {
        return expandInclude(folder, include, included);
      }
      const code = stripComment(line);
      return code === '' ? [] : [code];
    } catch (error) {
      if (error instanceof LuaSourceError) {
        throw error;
      }
      throw new LuaSourceError(`${file}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {Included} included
 * @returns {string[]}
 */
function expandInclude(folder, name, included) {
  if (included.open.includes(name)) {
    throw new Error(`includes itself: ${[...included.open, name].join(' -> ')}`);
  }
  if (included.done.has(name)) {
    return [];
  }
  const file = join(folder, 'includes', `${name}.lua`);
  const text = readFileSync(file, 'utf8');
  included.open.push(name);
  const lines = expand(folder, file, text, included);
  included.open.pop();
  included.done.add(name);
  return lines;
}

/**
 * @param {string} line
 * @returns {string}
 */
function stripComment(line) {
  if (line.startsWith('#!')) {
    // With a shebang Redis 7 refuses the whole script when it is out of memory, a release included.
    throw new Error('no "#!lua" line: with one, Redis refuses the whole script when it is out of memory');
  }
  const code = line.replace(TOKEN, (token) => {
    if (/^\[=*\[$/.test(token) || /^--\[=*\[/.test(token)) {
      throw new Error('long brackets are not supported: use quotes and line comments');
    }
    return token.startsWith('--') ? '' : token;
  });
  return code.trimEnd();
}

/**
 * @param {CompiledScript} script
 * @returns {string}
 */
function toConstant({ name, sha1, source }) {
  const literal = source.replace(/[\\`]|\$\{/g, (special) => `\\${special}`);
  const constant = name.replaceAll('-', '_').toUpperCase();
  return `export const ${constant}: LuaScript = {\n  name: '${name}',\n  sha1: '${sha1}',\n  source: \`${literal}\`,\n};\n`;
}

class LuaSourceError extends Error {}
