// @ts-check
import { findRedisServer, startRedisServer } from '../tools/redis-server.mjs';

/** The server that REDIS_URL names, or one of our own. */
export async function benchServer() {
  const url = process.env['REDIS_URL'];
  if (url !== undefined) return { url, stop: async () => undefined };
  return await startRedisServer({ program: await findRedisServer({ install: true }) });
}
