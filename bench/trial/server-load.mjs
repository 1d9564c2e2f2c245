// @ts-check
import { cpuSeconds } from '../server-figures.mjs';

/** Scripts cannot call these, so a client sent them. */
const ALWAYS_SENT = /^(eval|evalsha|eval_ro|evalsha_ro|script\|.*|p?subscribe|p?unsubscribe)$/;
/** Of connections being opened, and of the bench itself. */
const NOT_COUNTED = /^(info|hello|auth|select|ping|quit|client\|.*|config\|.*|command.*|memory\|.*|scan|cluster\|.*|acl\|.*|role|wait)$/;

/** @typedef {{ cpu: number, calls: Record<string, number> }} ServerLoad */

/** What the server has done so far. Nobody else may use it meanwhile. @param {import('ioredis').Redis} client @returns {Promise<ServerLoad>} */
export async function serverLoad(client) {
  const stats = await client.info('commandstats');
  /** @type {Record<string, number>} */
  const calls = {};
  for (const [, command, count] of stats.matchAll(/^cmdstat_(.+?):calls=(\d+)/gm)) {
    if (command !== undefined) calls[command] = Number(count);
  }
  return { cpu: await cpuSeconds(client), calls };
}

/**
 * @param {ServerLoad} before
 * @param {ServerLoad} after
 * @param {readonly string[]} direct commands that the adapter sends by themselves
 */
export function loadBetween(before, after, direct = []) {
  let [sent, published, inside] = [0, 0, 0];
  for (const [command, total] of Object.entries(after.calls)) {
    const count = total - (before.calls[command] ?? 0);
    if (NOT_COUNTED.test(command)) continue;
    if (command === 'publish') published += count;
    else if (ALWAYS_SENT.test(command) || direct.includes(command)) sent += count;
    else inside += count;
  }
  return { sent, published, inside, cpuMs: 1_000 * (after.cpu - before.cpu) };
}
