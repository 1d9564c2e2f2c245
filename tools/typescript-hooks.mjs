// Module hooks that run the TypeScript sources as they are now: no build that could be stale or half written.
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = new Map([
  ['nestjs-redis-lock', new URL('../libs/redis-lock/src/index.ts', import.meta.url).href],
  ['nestjs-redis-lock/swagger', new URL('../libs/redis-lock/src/swagger/index.ts', import.meta.url).href],
  ['nestjs-redis-lock/testing', new URL('../libs/redis-lock/src/testing/index.ts', import.meta.url).href],
]);

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  const library = SOURCES.get(specifier);
  if (library !== undefined) return { url: library, shortCircuit: true };
  const fromSource = context.parentURL?.endsWith('.ts') === true && /^\.{1,2}\//.test(specifier);
  return nextResolve(fromSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transformFile(fileURLToPath(url), { cwd: ROOT });
  return { format: 'module', source: code, shortCircuit: true };
}
