// `npm start`: the application from its sources, with the best lock store this machine has. Nothing is left running when it ends.
import { basename } from 'node:path';
import { existsSync } from 'node:fs';
import { redisOnPath, startRedisServer } from '../../../tools/redis-server.mjs';
import { AppProcess } from './app-process.mjs';
import { onStopRequested } from './stop-signals.mjs';

if (existsSync('.env')) process.loadEnvFile('.env');

/** @type {AppProcess | undefined} */
let app;
let isStopping = false;
onStopRequested(() => {
  // Twice means now.
  app?.child.kill(isStopping ? 'SIGKILL' : 'SIGTERM');
  isStopping = true;
});

const redis = await localRedis();
try {
  const env = redis === undefined ? process.env : { ...process.env, REDIS_URL: redis.url };
  if (!isStopping) {
    app = new AppProcess({ env });
    const code = await app.exited;
    process.exitCode = isStopping ? 0 : (code ?? 1);
  }
} finally {
  await redis?.stop();
}

/** A Redis of our own, where none is given and a server is installed. Without one the application keeps its locks in memory. */
async function localRedis() {
  if ((process.env['REDIS_URL'] ?? '') !== '') return undefined;
  const program = redisOnPath();
  if (program === undefined) return undefined;
  const name = basename(program.file);
  try {
    const server = await startRedisServer({ program });
    console.log(`Started ${name} on port ${server.port} for as long as the application runs.`);
    return server;
  } catch (error) {
    console.error(`${name} is installed but could not be started. ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
