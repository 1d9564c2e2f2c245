import type { OwnRedis } from './own-redis.js';

const CHANNEL = '__keyspace@0__:';

/** What happens to strings and sorted sets on a server from now on, in the server's order, as `<event> <key>`. */
export async function watchKeys(redis: OwnRedis): Promise<string[]> {
  const watcher = await redis.client();
  await watcher.config('SET', 'notify-keyspace-events', 'K$z');
  const events: string[] = [];
  watcher.on('pmessage', (_pattern: string, channel: string, event: string) => events.push(`${event} ${channel.slice(CHANNEL.length)}`));
  await watcher.psubscribe(`${CHANNEL}*`);
  return events;
}
