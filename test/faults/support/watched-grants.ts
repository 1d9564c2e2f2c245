import type { OwnRedis } from './own-redis.js';

const CHANNEL = '__keyspace@0__:lock:';

/** Every lock that is taken on a server from now on, in order, as the server itself tells it. */
export async function watchGrants(redis: OwnRedis): Promise<readonly string[]> {
  const watcher = await redis.client();
  await watcher.config('SET', 'notify-keyspace-events', 'K$');
  const taken: string[] = [];
  watcher.on('pmessage', (_pattern: string, channel: string) => taken.push(channel.slice(CHANNEL.length)));
  await watcher.psubscribe(`${CHANNEL}[^~]*`);
  return taken;
}
