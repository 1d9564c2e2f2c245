import { LockStoreError } from '../../errors/lock-store.error.js';
import type { LuaScript } from '../../lua/lua-script.js';
import { atMost } from '../../runtime/at-most.js';
import type { AnswerWaitParts } from './answer-waits.js';
import { BinaryScriptCommand, type BinaryArguments } from './binary-script-command.js';
import type { RedisLink } from './redis-link.js';
import { isNoScript } from './script-replies.js';
import { nodeOf } from './servers.js';

/** Runs scripts with bytes among their arguments, over a link. Each is answered, or has failed, within the timeout. */
export class BinaryScripts {
  constructor(
    private readonly link: RedisLink,
    private readonly parts: AnswerWaitParts,
  ) {}

  /**
   * Runs a script by its digest, and by its text where the server does not know it; resolves with what `read` makes of the reply.
   * @param sent a moment before this call, in ms of the monotonic clock
   * @throws LockStoreError
   */
  run<T>(script: LuaScript, sent: number, given: BinaryArguments, read: (reply: unknown) => T | PromiseLike<T>): Promise<T> {
    const { client } = this.link;
    const fail = (error: unknown): Promise<T> =>
      isNoScript(error) ? this.runText(script, sent, given).then(read) : this.fail(script, given, error);
    if (!this.link.takesOurCommands) return client.callBuffer('evalsha', script.sha1, ...spread(given)).then(read, fail);
    return this.link.send(new BinaryScriptCommand(script, given), read, fail);
  }

  private async runText(script: LuaScript, sent: number, given: BinaryArguments): Promise<unknown> {
    const { clock, timers, timeout } = this.parts;
    const leftMs = sent + timeout - clock.now().monotonic;
    const answer = this.link.client.callBuffer('eval', script.source, ...spread(given)).then(
      (reply) => ({ reply }),
      (error: unknown) => this.fail(script, given, error),
    );
    const answered = await atMost(timers, leftMs, answer);
    if (answered !== undefined) return answered.reply;
    throw new LockStoreError(`${this.link.description} failed at ${script.name}: two answers took longer than ${String(timeout)} ms.`);
  }

  /** The link knows what to make of what a client says. */
  private fail(script: LuaScript, { keys: [key = ''] }: BinaryArguments, error: unknown): Promise<never> {
    // ioredis rejects with nothing else.
    return this.link.use(script.name, () => Promise.reject(error as Error), nodeOf(this.link.client, key));
  }
}

function spread({ keys, texts, bytes }: BinaryArguments): (string | number | Buffer)[] {
  return [keys.length, ...keys, ...texts, Buffer.concat(bytes)];
}
