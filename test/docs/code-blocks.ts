import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the repository's root. */
export function readRootFile(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

/** The TypeScript in a Markdown text, block by block. */
export function codeBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
}

/** Code without its comments, which are translated. */
export function withoutComments(code: string): string {
  return code.replace(/\/\*.*?\*\/|\s*\/\/.*$/gm, '');
}

/** What the compiler, as strict as in this repository, has to say to each block as a module of its own. */
export function diagnose(blocks: readonly string[]): string[] {
  const program = fileURLToPath(new URL('diagnose.mjs', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
    input: JSON.stringify(blocks.map(asModule)),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as string[]; // as diagnose.mjs writes it
}

/** A block that imports nothing is a piece of a class. */
function asModule(code: string): string {
  return code.includes('import ') ? code : `import { Locked } from 'nestjs-redis-lock';\nexport class Piece {\n${code}}\n`;
}
