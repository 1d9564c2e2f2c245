// Reads modules, a JSON array of texts, from standard input, and writes what the compiler has to say to them: an array of texts.
// A program of its own, since the compiler is several times slower inside of Jest.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @type {string[]} */
const texts = JSON.parse(readFileSync(0, 'utf8'));
const files = new Map(texts.map((code, i) => [join(ROOT, `test/docs/block-${i + 1}.ts`), code]));
const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: ['x.ts'] }, ts.sys, ROOT);
// Examples name parameters that they do not use.
Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false, noEmit: true });

const host = ts.createCompilerHost(options);
const { fileExists, getSourceFile } = host;
Object.assign(host, {
  fileExists: (/** @type {string} */ name) => files.has(name) || fileExists(name),
  getSourceFile: (/** @type {Parameters<typeof getSourceFile>} */ ...[name, version, ...rest]) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version);
  },
});
const program = ts.createProgram([...files.keys()], options, host);
const said = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
  const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
  return `${basename(file?.fileName ?? '')}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
});
process.stdout.write(JSON.stringify(said));
