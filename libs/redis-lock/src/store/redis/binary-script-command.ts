import { Command } from 'ioredis';
import type { LuaScript } from '../../lua/lua-script.js';
import { bulk, bulkScript } from './bulk-strings.js';

/** What a script with bytes among its arguments is run with. */
export interface BinaryArguments {
  readonly keys: readonly string[];
  readonly texts: readonly (string | number)[];
  /** The last argument, in pieces that are joined when it is written. */
  readonly bytes: readonly Buffer[];
}

/** EVALSHA of one of our scripts, as ScriptCommand, whose last argument is bytes and whose reply has its strings as Buffers. */
export class BinaryScriptCommand extends Command {
  constructor(
    private readonly script: LuaScript,
    private readonly given: BinaryArguments,
  ) {
    // The keys tell a Cluster the slot; the rest is only written.
    super('evalsha', [script.sha1, given.keys.length, ...given.keys]);
  }

  /** ioredis would set a timer for each command; there is one for all. */
  override setTimeout(): void {
    // nothing to do
  }

  override toWritable(_socket: object): Buffer {
    const { keys, texts, bytes } = this.given;
    let length = 0;
    for (const piece of bytes) length += piece.length;
    let text = `*${keys.length + texts.length + 4}\r\n${bulkScript(this.script)}${bulk(keys.length)}`;
    for (const key of keys) text += bulk(key);
    for (const value of texts) text += bulk(value);
    text += `$${length}\r\n`;
    const start = Buffer.byteLength(text);
    const message = Buffer.allocUnsafe(start + length + 2);
    message.write(text);
    let at = start;
    for (const piece of bytes) at += piece.copy(message, at);
    message.write('\r\n', at);
    return message;
  }
}
