// A real Redis or Valkey for tests, demo, benchmarks and `npm start`: found on this machine, installed where that is possible,
// started on a free loopback port, and stopped by its own process.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * How to run a server that is there: Redis is one binary that serves when it is started under the name `redis-server`.
 * @typedef {{ file: string, argv0: string }} RedisProgram
 */

/**
 * A server that was started here and is stopped here.
 * @typedef {{ url: string, port: number, process: import('node:child_process').ChildProcess, stop: () => Promise<void> }} RedisServer
 */

const START_MS = 10_000;
const STOP_MS = 5_000;
const TRIES = 5;
const DEBIAN_PACKAGE = 'redis-tools';
const SERVERS = ['redis-server', 'valkey-server'];
/** Debian's redis-tools has no redis-server, but this is the same binary. */
const SAME_BINARY = { file: 'redis-check-rdb', argv0: 'redis-server' };

/**
 * The server on PATH, if there is one.
 * @returns {RedisProgram | undefined}
 */
export function redisOnPath() {
  for (const name of SERVERS) {
    const file = onPath(name);
    if (file !== undefined) return { file, argv0: name };
  }
  return undefined;
}

/**
 * A server to run: from PATH, or what Debian's tools carry, or installed now.
 * @param {{ install?: boolean }} [options]
 * @returns {Promise<RedisProgram>}
 * @throws with what to install, where nothing can be found
 */
export async function findRedisServer({ install = false } = {}) {
  const found = redisOnPath() ?? toolsBinary();
  if (found !== undefined) return found;
  const canInstall = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (install && canInstall) {
    installTools();
    const installed = redisOnPath() ?? toolsBinary();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'This needs a Redis server. Install one (Debian: apt-get install redis-server, macOS: brew install redis, or Valkey) so that ' +
      'redis-server or valkey-server is on your PATH.',
  );
}

/**
 * Starts a server on loopback, without persistence.
 * @param {{ program?: RedisProgram, port?: number, args?: string[] }} [options] `port`: default a free one
 * @returns {Promise<RedisServer>}
 */
export async function startRedisServer({ program, port, args = [] } = {}) {
  const chosen = program ?? (await findRedisServer());
  if (port !== undefined) return await launch(chosen, port, args);
  for (let tries = 1; ; tries++) {
    try {
      return await launch(chosen, await freePort(), args);
    } catch (error) {
      // Somebody else may have taken the port between looking and binding.
      if (tries === TRIES) throw error;
    }
  }
}

/** A port on loopback that nobody listens on right now. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address()); // a TCP server that listens has one
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * @param {RedisProgram} program
 * @param {number} port
 * @param {string[]} args
 * @returns {Promise<RedisServer>}
 */
async function launch(program, port, args) {
  // A replica writes what its primary sends to a file, and any server that starts beside one reads it.
  const snapshot = `redis-${port}-${process.pid}.rdb`;
  const forget = () => rmSync(join(tmpdir(), snapshot), { force: true });
  const network = ['--port', String(port), '--bind', '127.0.0.1', '--daemonize', 'no'];
  const fixed = [...network, '--save', '', '--appendonly', 'no', '--dir', tmpdir(), '--dbfilename', snapshot];
  forget();
  const server = spawn(program.file, [...fixed, ...args], {
    argv0: program.argv0,
    stdio: ['ignore', 'pipe', 'ignore'],
    // Not in our process group: Ctrl-C must reach it after those who still use it.
    detached: true,
  });
  const kill = () => void server.kill('SIGKILL');
  process.once('exit', kill);
  server.once('exit', () => {
    process.off('exit', kill);
    forget();
  });
  await ready(server);
  return { url: `redis://127.0.0.1:${port}`, port, process: server, stop: () => stop(server) };
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} server */
async function ready(server) {
  let said = '';
  await new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
    const fail = (/** @type {string} */ why) => {
      clearTimeout(timer);
      server.kill('SIGKILL');
      reject(new Error(`redis-server ${why}:\n${said}`));
    };
    const onExit = () => fail('ended');
    const timer = setTimeout(() => fail('was not ready in time'), START_MS);
    server.once('error', (error) => fail(error.message));
    server.once('exit', onExit);
    server.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      said += chunk.toString();
      if (!said.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', onExit);
      server.stdout.removeAllListeners('data');
      server.stdout.resume();
      resolve();
    });
  });
}

/** @param {import('node:child_process').ChildProcess} server */
async function stop(server) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  // A paused or busy server does not hear that.
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

/** @returns {RedisProgram | undefined} */
function toolsBinary() {
  const file = onPath(SAME_BINARY.file) ?? (existsSync('/usr/bin/redis-check-rdb') ? '/usr/bin/redis-check-rdb' : undefined);
  return file === undefined ? undefined : { file, argv0: SAME_BINARY.argv0 };
}

/** Debian's tools bring the binary and no service that would start by itself. */
function installTools() {
  process.stderr.write(`Installing ${DEBIAN_PACKAGE} for its Redis server…\n`);
  const install = ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '-qq', '--no-install-recommends', DEBIAN_PACKAGE];
  if (apt(install)) return;
  // The package lists may be missing or old.
  apt(['-o', 'DPkg::Lock::Timeout=120', 'update', '-qq']);
  apt(install);
}

/** @param {string[]} args */
function apt(args) {
  const { status } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
}

/** @param {string} name */
function onPath(name) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}
