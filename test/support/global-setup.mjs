import { findRedisServer, startRedisServer } from '../../tools/redis-server.mjs';

/** @typedef {import('../../tools/redis-server.mjs').RedisServer} SharedServer */

/** One Redis for the whole run, at TEST_REDIS_URL. A test that stops, pauses or fills its server starts one of its own. */
export default async function setUp() {
  const server = await startRedisServer({ program: await findRedisServer({ install: true }) });
  // Ended by a signal, a process says no goodbye to what it started; by exit() it does.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, () => process.exit(1));
  process.env['TEST_REDIS_URL'] = server.url;
  Object.assign(globalThis, { sharedRedisServer: server });
}
