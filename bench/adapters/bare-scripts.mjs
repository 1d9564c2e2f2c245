// @ts-check
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { compileOperation } from '../../libs/redis-lock/scripts/lua-compiler.mjs';

const LUA = fileURLToPath(new URL('../../libs/redis-lock/src/lua/', import.meta.url));
/** As the store sends them; a text, since a number of 16 digits would take the bare client longer. */
export const FOREVER_MICROS = '9000000000000000';
export const CHANNEL_PREFIX = 'lock:~1:process:';
/** As an engine sends them that would wait. */
export const TERMS = `s 2000 2000 0 ${CHANNEL_PREFIX}`;

/** The scripts of this library and nothing else: what its engine adds is the difference. @type {import('../bench.types.js').Adapter} */
export const bareScripts = {
  id: 'bare EVALSHA of our scripts',
  family: 'scripts',
  options: 'grant.lua, then release.lua, on a free lock only',
  renews: false,
  open: async ({ url, ttl }) => {
    const client = new Redis(url);
    const [grant, release] = await Promise.all(
      ['grant', 'release'].map(async (name) => String(await client.script('LOAD', compileOperation(LUA, name).source))),
    );
    const id = randomBytes(12).toString('base64url');
    let count = 0;
    /** @param {string} key */
    const hold = async (key) => {
      const token = `${id}.${count++}`;
      const keys = [`lock:${key}`, `lock:~1:queue:{lock:${key}}`, 'lock:~1:fence'];
      await client.evalsha(String(grant), 3, ...keys, token, ttl, FOREVER_MICROS, 1, TERMS, CHANNEL_PREFIX);
      return { release: () => client.evalsha(String(release), 3, ...keys, token, 0, CHANNEL_PREFIX) };
    };
    return {
      withLock: async (key, section) => {
        const held = await hold(key);
        await section();
        await held.release();
      },
      hold,
      close: async () => client.disconnect(),
    };
  },
};
