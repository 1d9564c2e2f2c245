// @ts-check
import { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';
import { holdMany } from './holding.mjs';

/** Timers and sockets let go of what they held only after a few turns of the event loop. */
const SETTLE_MS = 150;

/**
 * Bytes per held lock and per waiter, in this process's heap and in Redis.
 * @param {import('../bench.types.js').Engine} engine
 * @param {string} key
 * @param {import('../bench.types.js').Opening} opening
 * @param {import('../bench.types.js').MemoryJob} job
 */
export async function memory(engine, key, { url }, job) {
  const redis = new Redis(url);
  try {
    // What the first lock brings with it is not what each one costs.
    await releaseAll(await holdMany(engine, `${key}:first`, 64));
    const empty = await heapUsed();
    const held = await holdMany(engine, `${key}:held`, job.locks);
    const full = await heapUsed();
    for (const handle of held) handle.readSignal?.();
    const withSignals = await heapUsed();
    const redisPerLock = (await bytesOf(redis, `*${key}:held*`)) / job.locks;
    await releaseAll(held);
    return {
      heapPerLock: (full - empty) / job.locks,
      ...(held[0]?.readSignal === undefined ? {} : { heapPerLockWithSignal: (withSignals - empty) / job.locks }),
      heapPerWaiter: await heapPerWaiter(engine, key, job.waiters),
      redisPerLock,
    };
  } finally {
    redis.disconnect();
  }
}

/** @param {import('../bench.types.js').Engine} engine @param {string} key @param {number} waiters */
async function heapPerWaiter(engine, key, waiters) {
  const holder = await engine.hold(`${key}:waited`);
  const before = await heapUsed();
  const waiting = Array.from({ length: waiters }, () => engine.withLock(`${key}:waited`, () => undefined).catch(() => undefined));
  await setTimeout(SETTLE_MS);
  const after = await heapUsed();
  // A poller with default options may have given up by now, or go on for long; what is asked here is what it weighs meanwhile.
  void Promise.all([holder.release(), ...waiting]).catch(() => undefined);
  return (after - before) / waiters;
}

/** @param {readonly import('../bench.types.js').Held[]} held */
async function releaseAll(held) {
  await Promise.all(held.map((handle) => handle.release()));
}

async function heapUsed() {
  if (globalThis.gc === undefined) throw new Error('Memory is measured with --expose-gc.');
  await setTimeout(SETTLE_MS);
  globalThis.gc();
  await setTimeout(0);
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** What Redis says of all keys that match. @param {Redis} redis @param {string} pattern */
export async function bytesOf(redis, pattern) {
  let bytes = 0;
  for await (const keys of redis.scanStream({ match: pattern, count: 1_000 })) {
    // The stream's types do not say what SCAN returns.
    const sizes = await Promise.all(/** @type {string[]} */ (keys).map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    for (const size of sizes) bytes += size ?? 0;
  }
  return bytes;
}
