// @ts-check
import { Redis } from 'ioredis';
import { heldSection } from './held-section.mjs';

/**
 * Both have one interface: the second is a fork of the first.
 * @typedef {{ using: (keys: string[], ttl: number, section: () => Promise<void>) => Promise<unknown> }} Redlock
 * @typedef {new (clients: Redis[], settings?: object) => Redlock} RedlockClass
 */
const RETRY_MS = 5;

/** @param {string} name @param {() => Promise<RedlockClass>} load @param {boolean} tuned @returns {import('../bench.types.js').Adapter} */
function redlockLike(name, load, tuned) {
  return {
    id: tuned ? `${name} tuned` : name,
    family: tuned ? 'tuned peer' : 'peer',
    options: tuned
      ? `\`retryDelay: ${RETRY_MS}\`, \`retryJitter: ${RETRY_MS}\`, \`retryCount\` for longer than the run`
      : 'defaults (`retryCount` 10, `retryDelay` 200 ms, `retryJitter` 100 ms)',
    renews: true,
    open: async ({ url, ttl, patience }) => {
      const Redlock = await load();
      const client = new Redis(url);
      const settings = { retryDelay: RETRY_MS, retryJitter: RETRY_MS, retryCount: Math.ceil(patience / RETRY_MS) };
      const redlock = new Redlock([client], tuned ? settings : {});
      /** @param {string} key @param {() => void | Promise<void>} section */
      const withLock = (key, section) => redlock.using([key], ttl, async () => await section());
      return {
        withLock,
        hold: (key) => heldSection((section) => withLock(key, section)),
        close: async () => client.disconnect(),
      };
    },
  };
}

// Their types name an ioredis of other versions, or are not where an import looks for them.
/** @param {boolean} tuned */
export const redlock = (tuned) =>
  redlockLike(
    'redlock',
    async () => {
      // @ts-expect-error its package.json names no types for this way of importing it
      const { default: Redlock } = await import('redlock');
      return /** @type {RedlockClass} */ (Redlock);
    },
    tuned,
  );

/** @param {boolean} tuned */
export const sesamecareRedlock = (tuned) =>
  redlockLike(
    '@sesamecare-oss/redlock',
    async () => /** @type {RedlockClass} */ (/** @type {unknown} */ ((await import('@sesamecare-oss/redlock')).Redlock)),
    tuned,
  );
