// @ts-check
import { heldSection } from './held-section.mjs';

const RETRY_MS = 5;

/** It needs the other Redis client, `redis`. @param {boolean} tuned @returns {import('../bench.types.js').Adapter} */
export function nestjsRedisLock(tuned) {
  return {
    id: tuned ? '@nestjs-redis/lock tuned' : '@nestjs-redis/lock',
    family: tuned ? 'tuned peer' : 'peer',
    options: tuned
      ? `\`retryDelayMs: ${RETRY_MS}\`, \`retryJitterMs: ${RETRY_MS}\`, \`maxRetryAttempts\` for longer than the run, \`extensionThresholdMs\` half the lease`
      : 'defaults (`maxRetryAttempts` 3, `retryDelayMs` 200, `retryJitterMs` 100; it does not renew)',
    renews: tuned,
    open: async ({ url, ttl, patience }) => {
      const [{ RedlockService }, { createClient }] = [await import('@nestjs-redis/lock'), await import('redis')];
      const client = createClient({ url });
      await client.connect();
      const settings = { retryDelayMs: RETRY_MS, retryJitterMs: RETRY_MS, maxRetryAttempts: Math.ceil(patience / RETRY_MS) };
      // Its types want every client with the same type arguments.
      const clients = /** @type {ConstructorParameters<typeof RedlockService>[0]} */ (/** @type {unknown} */ ([client]));
      const locks = new RedlockService(clients, tuned ? settings : {});
      const options = tuned ? { extensionThresholdMs: ttl / 2 } : {};
      /** @param {string} key @param {() => void | Promise<void>} section */
      const withLock = (key, section) => locks.withLock(key, ttl, async () => await section(), options);
      return {
        withLock,
        hold: (key) => heldSection((section) => withLock(key, section)),
        close: async () => client.destroy(),
      };
    },
  };
}
