import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const exec = promisify(execFile);

/** What a consumer of the library has installed besides it. */
const INSTALLED = ['@nestjs/common', '@nestjs/core', '@types/node', 'ioredis', 'reflect-metadata', 'rxjs'];

/** Runs a program and returns what it wrote; a failure carries all of that in its message. */
export async function run(program: string, args: string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): Promise<string> {
  try {
    const { stdout } = await exec(program, args, { maxBuffer: 64 * 1024 * 1024, ...options });
    return stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string };
    throw new Error([message, stdout, stderr].join('\n'), { cause: error });
  }
}

/** Runs a command of a package that the workspace has installed. */
export async function runInstalled(command: string, args: string[]): Promise<string> {
  return await run(join(ROOT, 'node_modules/.bin', command), args, { cwd: ROOT });
}

/** Builds and packs the library as `npm publish` would, and returns the tarball. */
export async function pack(folder: string): Promise<string> {
  await npm(['pack', '--silent', '--pack-destination', folder], join(ROOT, 'libs/redis-lock'));
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) {
    throw new Error('npm pack left no tarball');
  }
  return join(folder, tarball);
}

/** Makes an application in a folder of its own that has the tarball installed. */
export async function createConsumer(folder: string, type: 'module' | 'commonjs', tarball: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'nodenext',
        types: ['node'],
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        rootDir: '.',
        outDir: 'dist',
        // Only ours are under test here, and they are checked as main.ts uses them.
        skipLibCheck: true,
      },
      files: ['main.ts'],
    }),
  );
  await copyFile(join(ROOT, 'test/package/consumer/main.ts'), join(folder, 'main.ts'));
  await npm(['install', '--silent', '--offline', '--legacy-peer-deps', tarball], folder);
  // The peers come from the workspace: no network, and after the tarball, since npm would remove what it did not install.
  for (const name of INSTALLED) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}

export async function compile(folder: string): Promise<void> {
  await runInstalled('tsc', ['-p', folder, '--pretty', 'false']);
}

/** Runs the compiled consumer and returns what it saw. */
export async function start(folder: string): Promise<unknown> {
  const stdout = await run(process.execPath, ['dist/main.js'], { cwd: folder });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

async function npm(args: string[], cwd: string): Promise<string> {
  // Under `npm test` npm's own settings are in the environment and would be taken for this call's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  return await run('npm', args, { cwd, env });
}
