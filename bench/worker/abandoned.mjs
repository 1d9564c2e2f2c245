// @ts-check
import { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';

/** The releases are spread around the moment at which the waiters give up, half of them before it. */
const SPREAD_MS = 20;
const SETTLE_MS = 1_000;

/**
 * Counts the locks that nobody has after a hand-over or an attempt met a waiter that was giving up: they stay taken until their lease ends.
 * @param {import('../bench.types.js').Engine} holder
 * @param {import('../bench.types.js').Engine} waiter
 * @param {string} key
 * @param {string} url
 * @param {import('../bench.types.js').AbandonedJob} job
 */
export async function abandoned(holder, waiter, key, url, { locks, waitMs }) {
  let served = 0;
  await Promise.all(
    Array.from({ length: locks }, async (_, i) => {
      const held = await holder.hold(`${key}:${i}`);
      const waited = waiter.withLock(`${key}:${i}`, () => void served++).catch(() => undefined);
      await setTimeout(waitMs + SPREAD_MS * (i / locks - 0.5));
      await held.release();
      await waited;
    }),
  );
  await setTimeout(SETTLE_MS);
  const redis = new Redis(url);
  try {
    const found = (await redis.keys(`*${key}:*`)).filter((name) => /:\d+$/.test(name));
    return { leaked: found.length, servedLate: served };
  } finally {
    redis.disconnect();
  }
}
