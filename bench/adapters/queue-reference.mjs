// @ts-check
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';

/**
 * The limit: a queue of tokens in a list, and a release that passes the lock to the first of them and publishes that to its process. Nothing is
 * repaired: a lost message, a dead process or a lease that ran out is the end of it.
 */
const ACQUIRE = `
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 1 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 0`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local next = redis.call('LPOP', KEYS[2])
if not next then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], next, 'PX', ARGV[2])
redis.call('PUBLISH', 'reference:' .. string.match(next, '^[^.]+'), next)
return 1`;

/** @type {import('../bench.types.js').Adapter} */
export const queueReference = {
  id: 'queue + publish reference',
  family: 'reference',
  options: 'one list entry per caller, one script and one message per hand-off; no repair, no renewal, no fences',
  renews: false,
  open: async ({ url, ttl }) => {
    const [client, subscriber] = [new Redis(url), new Redis(url)];
    const id = randomBytes(12).toString('base64url');
    /** @type {Map<string, () => void>} */
    const waiting = new Map();
    let count = 0;
    subscriber.on('message', (_channel, token) => {
      waiting.get(token)?.();
      waiting.delete(token);
    });
    await subscriber.subscribe(`reference:${id}`);
    const [acquire, release] = await Promise.all([ACQUIRE, RELEASE].map(async (script) => String(await client.script('LOAD', script))));
    /** @param {string} key */
    const hold = async (key) => {
      const token = `${id}.${count++}`;
      const queue = `queue:${key}`;
      /** @type {Promise<void>} */
      const granted = new Promise((resolve) => waiting.set(token, resolve));
      if ((await client.evalsha(String(acquire), 2, key, queue, token, ttl)) === 0) await granted;
      else waiting.delete(token);
      return { release: () => client.evalsha(String(release), 2, key, queue, token, ttl) };
    };
    return {
      withLock: async (key, section) => {
        const held = await hold(key);
        try {
          await section();
        } finally {
          await held.release();
        }
      },
      hold,
      close: async () => {
        client.disconnect();
        subscriber.disconnect();
      },
    };
  },
};
