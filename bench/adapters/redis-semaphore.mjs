// @ts-check
import { Redis } from 'ioredis';

/** @param {boolean} tuned @returns {import('../bench.types.js').Adapter} */
export function redisSemaphore(tuned) {
  return {
    id: tuned ? 'redis-semaphore tuned' : 'redis-semaphore',
    family: tuned ? 'tuned peer' : 'peer',
    options: tuned
      ? '`retryInterval: 2`, `acquireTimeout` longer than the run (it has no jitter)'
      : 'defaults (`retryInterval` 10 ms, `acquireTimeout` 10 s)',
    direct: ['set'],
    renews: true,
    open: async ({ url, ttl, patience }) => {
      const { Mutex } = await import('redis-semaphore');
      const client = new Redis(url);
      const options = { lockTimeout: ttl, ...(tuned ? { retryInterval: 2, acquireTimeout: patience } : {}) };
      return {
        withLock: async (key, section) => {
          const mutex = new Mutex(client, key, options);
          await mutex.acquire();
          try {
            await section();
          } finally {
            await mutex.release();
          }
        },
        hold: async (key) => {
          const mutex = new Mutex(client, key, options);
          await mutex.acquire();
          return { release: () => mutex.release() };
        },
        close: async () => client.disconnect(),
      };
    },
  };
}
