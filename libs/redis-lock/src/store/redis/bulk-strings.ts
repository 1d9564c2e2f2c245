import type { LuaScript } from '../../lua/lua-script.js';

const scripts = new WeakMap<LuaScript, string>();

/** A bulk string of the Redis protocol. */
export function bulk(value: string | number): string {
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  const digits = String(value);
  return `$${digits.length}\r\n${digits}\r\n`;
}

/** The part of an EVALSHA that is the same each time, encoded once. */
export function bulkScript(script: LuaScript): string {
  let text = scripts.get(script);
  if (text === undefined) scripts.set(script, (text = bulk('evalsha') + bulk(script.sha1)));
  return text;
}
