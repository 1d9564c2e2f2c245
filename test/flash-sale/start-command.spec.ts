import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findRedisServer } from '../../tools/redis-server.mjs';
import { ownedByEachTest } from '../faults/support/owned.js';
import { Command, isOpen } from './support/command.js';

const owned = ownedByEachTest();
const READY_MS = 120_000;

describe('npm start', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
    await mkdir(join(folder, 'bin'));
    // A machine with Node and npm, and nothing else that matters here.
    const npm = process.env['npm_execpath'] ?? join(dirname(process.execPath), 'npm');
    for (const [name, file] of [
      ['node', process.execPath],
      ['npm', npm],
      ['sh', '/bin/sh'],
    ] as const)
      await symlink(file, join(folder, 'bin', name));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function start(env: NodeJS.ProcessEnv = {}): Command {
    const DATABASE_FILE = join(folder, 'data/shop.sqlite');
    return owned.add(new Command('npm', ['start'], { PATH: join(folder, 'bin'), DATABASE_FILE, ...env }));
  }

  async function installRedis(): Promise<void> {
    const { file } = await findRedisServer({ install: true });
    await symlink(file, join(folder, 'bin/redis-server'));
  }

  it('keeps locks in memory where there is no Redis, and gives a line to try, which works', async () => {
    const command = start();
    const [url = ''] = await command.says(/Try: curl -X POST '(\S+)'/, READY_MS);
    await command.says(/Listening on http:\/\/127\.0\.0\.1:\d+/);
    await command.says(/one process only; set REDIS_URL to share locks/);
    const answer = await fetch(url, { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([200, { productId: 1, strategy: 'locked', stock: 999 }]);
    command.interrupt();
    await command.ended();
    await command.isGone();
  }, 150_000);

  it('takes the Redis that it is told of', async () => {
    const { TEST_REDIS_URL = '' } = process.env;
    const command = start({ REDIS_URL: TEST_REDIS_URL, LOCK_KEY_PREFIX: 'start-command:' });
    await command.says(new RegExp(`Locks on Redis at ${TEST_REDIS_URL}`), READY_MS);
    expect(command.output).not.toContain('Started redis-server');
  }, 150_000);

  it.each([
    ['Ctrl-C', (command: Command) => command.interrupt()],
    ['a SIGTERM to npm', (command: Command) => process.kill(command.pid, 'SIGTERM')],
    ['a SIGTERM to what npm has started', (command: Command) => process.kill(command.childPid, 'SIGTERM')],
  ])(
    'starts a Redis from the PATH, and leaves nothing running after %s',
    async (_, end) => {
      await installRedis();
      const command = start();
      const [port = ''] = await command.says(/Started redis-server on port (\d+)/);
      const [url = ''] = await command.says(/Listening on (http:\S+),/, READY_MS);
      await command.says(new RegExp(`Locks on Redis at redis://127\\.0\\.0\\.1:${port}`));
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', details: { redis: { store: 'redis' } } });

      end(command);
      await command.ended();
      await command.isGone();
      expect(await isOpen(Number(port))).toBe(false);
    },
    150_000,
  );

  it('says that its port is taken, and leaves no Redis running', async () => {
    await installRedis();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo; // a TCP server that listens has one
    owned.add({
      stop: async () => {
        other.close();
        await once(other, 'close');
      },
    });
    const command = start({ PORT: String(port) });
    const [redis = ''] = await command.says(/Started redis-server on port (\d+)/);
    await command.says(new RegExp(`Port ${String(port)} is taken`), READY_MS);
    expect(await command.ended()).toBe(1);
    await command.isGone();
    expect(await isOpen(Number(redis))).toBe(false);
  }, 150_000);
});
