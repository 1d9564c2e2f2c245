import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, createConsumer, pack, run, runInstalled, start } from './packed-library.js';

const SEEN = {
  fence: expect.any(Number) as number,
  busy: 'LOCK_BUSY',
  released: 'released',
  decorated: { held: true, isLocked: true },
  testing: true,
};

describe('the packed library', () => {
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'package-'));
    tarball = await pack(folder);
  }, 120_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('carries its readme, its licence and both builds, and nothing that is not for users', async () => {
    const files = (await run('tar', ['-tzf', tarball], { cwd: folder })).trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining([
        'package/README.md',
        'package/LICENSE',
        'package/package.json',
        'package/dist/esm/index.js',
        'package/dist/esm/index.d.ts',
        'package/dist/cjs/index.js',
        'package/dist/cjs/index.d.ts',
        'package/dist/cjs/package.json',
        'package/src/index.ts',
      ]),
    );
    expect(files.filter((file) => !/^package\/(README\.md|LICENSE|package\.json|dist\/(esm|cjs)\/.*|src\/.*)$/.test(file))).toEqual([]);
  });

  it('passes publint', async () => {
    await runInstalled('publint', ['run', tarball, '--strict']);
  });

  it('gives every resolver types that fit what it loads', async () => {
    await runInstalled('attw', [tarball, '--no-color']);
  }, 60_000);

  it.each(['module', 'commonjs'] as const)(
    'compiles and locks in a Nest application of type %s',
    async (type) => {
      const consumer = join(folder, type);
      await createConsumer(consumer, type, tarball);
      await compile(consumer);
      expect(await start(consumer)).toEqual(SEEN);
    },
    120_000,
  );

  // Node itself takes `module-sync`, so that an application holds one copy however it is loaded; Jest and bundlers take `require`.
  it('locks through its CommonJS build', async () => {
    const consumer = join(folder, 'require');
    await createConsumer(consumer, 'commonjs', tarball);
    const manifest = join(consumer, 'node_modules/nestjs-redis-lock/package.json');
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replaceAll('"module-sync"', '"not-taken"'));
    await compile(consumer);
    expect(await start(consumer)).toEqual(SEEN);
  }, 120_000);
});
