import { Command } from 'ioredis';
import type { LuaScript } from '../../lua/lua-script.js';
import { bulk, bulkScript } from './bulk-strings.js';

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
    let text = `*${values.length + 3}\r\n${bulkScript(script)}${bulk(keyCount)}`;
    for (const value of values) text += bulk(value);
    return text;
  }
}
