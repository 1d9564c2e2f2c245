import { Command } from 'ioredis';
import type { LuaScript } from '../../lua/lua-script.js';

/**
 * EVALSHA of one of our scripts. It writes itself, as ioredis' own script commands do, with the script's part encoded once: turning a
 * dozen arguments into a command took the client a tenth of the whole section's time.
 */
export class ScriptCommand extends Command {
  constructor(
    private readonly script: LuaScript,
    private readonly keyCount: number,
    private readonly values: readonly (string | number)[],
  ) {
    // The keys tell a Cluster the slot; the other values are only written.
    super('evalsha', [script.sha1, keyCount, ...values.slice(0, keyCount)], { replyEncoding: 'utf8' });
  }

  /** ioredis would set a timer for each command; the link has one for all. */
  override setTimeout(): void {
    // nothing to do
  }

  override toWritable(_socket: object): string {
    const { script, keyCount, values } = this;
    let text = `*${values.length + 3}\r\n${encodedScript(script)}${bulk(keyCount)}`;
    for (const value of values) text += bulk(value);
    return text;
  }
}

const encoded = new WeakMap<LuaScript, string>();

function encodedScript(script: LuaScript): string {
  let text = encoded.get(script);
  if (text === undefined) encoded.set(script, (text = bulk('evalsha') + bulk(script.sha1)));
  return text;
}

/** A bulk string of the Redis protocol. */
function bulk(value: string | number): string {
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  const digits = String(value);
  return `$${digits.length}\r\n${digits}\r\n`;
}
