// @ts-check
import { Redis } from 'ioredis';
import { heldSection } from './held-section.mjs';

const RETRY_MS = 5;

/** @param {boolean} tuned @returns {import('../bench.types.js').Adapter} */
export function redlockUniversal(tuned) {
  return {
    id: tuned ? 'redlock-universal tuned' : 'redlock-universal',
    family: tuned ? 'tuned peer' : 'peer',
    options: tuned
      ? `\`performance: 'lean'\`, \`retryDelay: ${RETRY_MS}\`, \`retryAttempts\` for longer than the run (it has no jitter)`
      : 'defaults (`retryAttempts` 3, `retryDelay` 100 ms)',
    direct: ['set'],
    renews: true,
    open: async ({ url, ttl, patience }) => {
      const { createLock, IoredisAdapter } = await import('redlock-universal');
      const client = new Redis(url);
      const adapter = new IoredisAdapter(client);
      /** @type {Partial<import('redlock-universal').CreateLockConfig>} */
      const settings = { performance: 'lean', retryDelay: RETRY_MS, retryAttempts: Math.ceil(patience / RETRY_MS) };
      /** @param {string} key @param {() => void | Promise<void>} section */
      const withLock = (key, section) => createLock({ adapter, key, ttl, ...(tuned ? settings : {}) }).using(async () => await section());
      return {
        withLock,
        hold: (key) => heldSection((section) => withLock(key, section)),
        close: async () => client.disconnect(),
      };
    },
  };
}
