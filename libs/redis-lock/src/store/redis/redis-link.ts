import type { LockLog } from '../../runtime/lock-log.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import type { LuaScript } from '../../lua/lua-script.js';
import { AnswerWaits, type AnswerWaitParts } from './answer-waits.js';
import { ScriptCommand } from './script-command.js';
import { isCluster, isOfThisCopy, type Client } from './client-settings.js';

/** How long the start waits for a server that does not answer. */
const START_MS = 10_000;
/** As ioredis says it. */
const TIMED_OUT = 'Command timed out';
/** Errors that no retry will cure. */
const HOPELESS = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid (user)?name|ERR AUTH)/i;

/** One client of ours: it connects, runs scripts, and turns what ioredis says into LockStoreErrors. */
export class RedisLink {
  private lastError: Error | undefined;
  private readonly waits: AnswerWaits;
  private readonly ownCopy: boolean;

  constructor(
    readonly client: Client,
    private readonly description: string,
    parts: AnswerWaitParts & { readonly log: LockLog },
  ) {
    const { log } = parts;
    this.waits = new AnswerWaits(parts);
    this.ownCopy = isOfThisCopy(client);
    let reported = false;
    // An 'error' event that nobody hears would end the process.
    client.on('error', (error: Error) => {
      this.lastError = error;
      if (!reported) log.warn(`${description}: ${error.message}`);
      reported = true;
    });
    client.on('ready', () => {
      if (reported) log.warn(`${description}: connected again`);
      reported = false;
    });
  }

  /** Connects; goes on trying for a while, since the server may be starting too. @throws LockStoreError */
  async connect(): Promise<void> {
    const { client } = this;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        client.off('ready', onReady);
        client.off('error', onError);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReady = (): void => settle();
      const onError = (error: Error): void => {
        if (HOPELESS.test(error.message)) settle(this.failure('start', error));
      };
      const timer = setTimeout(() => settle(this.failure('start', this.lastError)), START_MS);
      client.on('ready', onReady);
      client.on('error', onError);
      // Its own rejection is the first failed try; the events tell the rest.
      client.connect().catch(onError);
    });
  }

  /**
   * Runs a script by its digest, and by its text where the server does not know it; resolves with what `read` makes of the reply.
   * @throws LockStoreError
   */
  run<T>(script: LuaScript, keyCount: number, args: (string | number)[], read: (reply: unknown) => T | PromiseLike<T>): Promise<T> {
    const { client } = this;
    const fail = (error: unknown): Promise<T> => {
      if (!isNoScript(error)) throw this.failure(script.name, error);
      return this.use(script.name, () => client.eval(script.source, keyCount, ...args)).then(read);
    };
    // Two copies of ioredis need not understand each other's commands.
    if (!this.ownCopy) return client.evalsha(script.sha1, keyCount, ...args).then(read, fail);
    const command = new ScriptCommand(script, keyCount, args);
    // ioredis declares the promise of a command as unknown.
    const answered = client.sendCommand(command) as Promise<unknown>;
    // After the sending: what is done now costs no time, since the server is at work.
    const wait = this.waits.begin(() => command.reject(new Error(TIMED_OUT)));
    return answered.then(
      (reply) => {
        this.waits.end(wait);
        return read(reply);
      },
      (error: unknown) => {
        this.waits.end(wait);
        return fail(error);
      },
    );
  }

  /** Runs anything else on the client. @throws LockStoreError */
  async use<T>(name: string, work: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await work(this.client);
    } catch (error) {
      throw error instanceof LockStoreError ? error : this.failure(name, error);
    }
  }

  close(): void {
    this.waits.close();
    this.client.disconnect();
  }

  private failure(what: string, cause: unknown): LockStoreError {
    const said = cause instanceof Error ? cause.message : 'no answer';
    // The server may be gone without a word (a host without power, a firewall): only another connection can tell.
    if (said === TIMED_OUT && !isCluster(this.client)) this.client.disconnect(true);
    const why = /Stream isn't writeable|isn't ready|Connection is closed/.test(said) ? `not connected${this.connectionError()}` : said;
    return new LockStoreError(`${this.description} failed at ${what}: ${why}`, { cause });
  }

  private connectionError(): string {
    return this.lastError === undefined ? '' : ` (${this.lastError.message})`;
  }
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
