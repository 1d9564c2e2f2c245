// @ts-check
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

const COMPARE_AND_DELETE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/** The least that a lock with an owner check can cost: two commands, no fence, no deadline, no waiting. @type {import('../bench.types.js').Adapter} */
export const floor = {
  id: 'raw ioredis',
  family: 'floor',
  options: '`SET NX PX`, then a compare-and-delete script by EVALSHA; it cannot wait',
  direct: ['set'],
  renews: false,
  open: async ({ url, ttl }) => {
    const client = new Redis(url);
    const sha = String(await client.script('LOAD', COMPARE_AND_DELETE));
    /** @param {string} key */
    const hold = async (key) => {
      const token = randomUUID();
      if ((await client.set(key, token, 'PX', ttl, 'NX')) !== 'OK') throw new Error('busy');
      return { release: () => client.evalsha(sha, 1, key, token) };
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
      close: async () => client.disconnect(),
    };
  },
};

/** The section alone: the ceiling of what any lock can reach. @type {import('../bench.types.js').Adapter} */
export const unlocked = {
  id: 'one unlocked caller',
  family: 'unlocked',
  options: 'the section alone, one caller in one process',
  renews: false,
  open: async () => ({
    withLock: async (_key, section) => await section(),
    hold: async () => ({ release: async () => undefined }),
    close: async () => undefined,
  }),
};
