// Module hooks that let a child process run the TypeScript sources as they are now: no build that could be stale or half written.
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const LIBRARY = new URL('../../../libs/redis-lock/src/index.ts', import.meta.url).href;

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  if (specifier === 'nestjs-redis-lock') return { url: LIBRARY, shortCircuit: true };
  const fromSource = context.parentURL?.endsWith('.ts') === true && /^\.{1,2}\//.test(specifier);
  return nextResolve(fromSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transformFile(fileURLToPath(url));
  return { format: 'module', source: code, shortCircuit: true };
}
