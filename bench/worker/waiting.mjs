// @ts-check
import { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';
import { bytesOf } from './memory.mjs';

const QUEUED_MS = 100;
const COUNTED = 8;

/** @typedef {import('../bench.types.js').Engine} Engine */

/**
 * The first engine holds the lock, the others wait for it one after the other until this process is ended.
 * @param {readonly Engine[]} engines
 * @param {string} key
 * @param {string} url
 * @returns what Redis keeps for the lock while 0, 1, 2… engines wait, in bytes
 */
export async function queueUp([holder, ...waiters], key, url) {
  const redis = new Redis(url);
  try {
    await holder?.hold(key);
    const bytes = [await bytesOf(redis, `*${key}*`)];
    for (const engine of waiters) {
      engine.withLock(key, () => undefined).catch(() => undefined);
      if (bytes.length > COUNTED) continue;
      await setTimeout(QUEUED_MS);
      bytes.push(await bytesOf(redis, `*${key}*`));
    }
    return bytes;
  } finally {
    redis.disconnect();
  }
}
