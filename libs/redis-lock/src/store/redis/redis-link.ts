import { types } from 'node:util';
import type { Command, Redis } from 'ioredis';
import type { LockLog } from '../../runtime/lock-log.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import type { LuaScript } from '../../lua/lua-script.js';
import { atMost } from '../../runtime/at-most.js';
import { AnswerWaits, type AnswerWaitParts } from './answer-waits.js';
import { ScriptCommand } from './script-command.js';
import { isNoScript } from './script-replies.js';
import { isCluster, isOfThisCopy, type Client } from './client-settings.js';
import { nodeOf } from './servers.js';
import { WriteBundle } from './write-bundle.js';

/** How long the start waits for a server that does not answer. */
const START_MS = 10_000;
/** How long a node that is silent has to answer a PING before its connection is given up, as a share of commandTimeout. */
const PROBE_SHARE = 1 / 4;
/** As ioredis says it. */
const TIMED_OUT = 'Command timed out';
const NOT_CONNECTED = /Stream isn't writeable|isn't ready|Connection is closed/;
/** As ioredis says it to a command that was under way. */
const CUT_OFF = 'max retries per request';
/** With so many commands unanswered, those that follow are written together. */
const BURST = 4;
/** Errors that no retry will cure. */
const HOPELESS = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid (user)?name|ERR AUTH)/i;

/** One client of ours: it connects, runs scripts, and turns what ioredis says into LockStoreErrors. */
export class RedisLink {
  private lastError: Error | undefined;
  private readonly waits: AnswerWaits;
  private readonly bundle = new WriteBundle();
  /** Whether the client understands commands of our own making: two copies of ioredis need not understand each other's. */
  readonly takesOurCommands: boolean;
  /** Those whose connection is given up, or is about to be. */
  private readonly suspects = new Set<Redis>();
  private stopConnecting: (() => void) | undefined;

  constructor(
    readonly client: Client,
    readonly description: string,
    private readonly parts: AnswerWaitParts & { readonly log: LockLog },
  ) {
    const { log } = parts;
    this.waits = new AnswerWaits(parts);
    this.takesOurCommands = isOfThisCopy(client);
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
  async connect(limitMs = START_MS): Promise<void> {
    const { client } = this;
    await new Promise<void>((resolve, reject) => {
      // A client that is told to disconnect while it waits for its next try says nothing more.
      this.stopConnecting = () => settle(new LockStoreError(`${this.description} was closed before it was connected.`));
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
      const timer = setTimeout(() => settle(this.failure('start', this.lastError)), limitMs);
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
      const node = nodeOf(client, String(args[0]));
      if (!isNoScript(error)) throw this.failure(script.name, error, node);
      return this.use(script.name, () => client.eval(script.source, keyCount, ...args), node).then(read);
    };
    if (!this.takesOurCommands) return client.evalsha(script.sha1, keyCount, ...args).then(read, fail);
    return this.send(new ScriptCommand(script, keyCount, args), read, fail);
  }

  /** Sends a command that sets no timer of its own; it is answered, or `fail` is told, within the timeout. */
  send<T>(command: Command, read: (reply: unknown) => T | PromiseLike<T>, fail: (error: unknown) => Promise<T>): Promise<T> {
    if (this.waits.size >= BURST) this.bundle.add(this.client);
    // ioredis declares the promise of a command as unknown.
    const answered = this.client.sendCommand(command) as Promise<unknown>;
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

  /** Runs anything else on the client. @param node the one that it goes to, where a Cluster has several @throws LockStoreError */
  async use<T>(name: string, work: (client: Client) => Promise<T>, node: Client = this.client): Promise<T> {
    try {
      return await work(this.client);
    } catch (error) {
      throw error instanceof LockStoreError ? error : this.failure(name, error, node);
    }
  }

  close(): void {
    this.stopConnecting?.();
    this.waits.close();
    this.client.disconnect();
  }

  private failure(what: string, cause: unknown, node: Client = this.client): LockStoreError {
    const said = reason(cause);
    // The server may be gone without a word (a host without power, a firewall): only another connection can tell.
    if (said === TIMED_OUT && !isCluster(node) && !this.suspects.has(node)) void this.replaceConnection(node);
    const why = NOT_CONNECTED.test(said)
      ? `not connected${this.connectionError()}`
      : said.includes(CUT_OFF)
        ? 'the connection was lost'
        : said;
    return new LockStoreError(`${this.description} failed at ${what}: ${why}`, { cause });
  }

  /** Once per connection, however many of its commands go unanswered. */
  private async replaceConnection(node: Redis): Promise<void> {
    this.suspects.add(node);
    // In a Cluster a command may have been answered, and wait here for its slot to have moved.
    const alive = isCluster(this.client) && (await this.answers(node));
    if (alive || node.status !== 'ready') {
      this.suspects.delete(node);
      return;
    }
    node.once('close', () => this.suspects.delete(node));
    node.disconnect(true);
  }

  private async answers(node: Redis): Promise<boolean> {
    const { timers, timeout } = this.parts;
    const answer = node.ping().catch((error: unknown) => String(error));
    return (await atMost(timers, timeout * PROBE_SHARE, answer)) !== undefined;
  }

  private connectionError(): string {
    return this.lastError === undefined ? '' : ` (${this.lastError.message})`;
  }
}

/** EXECABORT says only that one of the commands before it failed; ioredis keeps what was said to them. */
function reason(cause: unknown): string {
  // Not by `instanceof`: Jest gives each test file an Error of its own, and Node's sockets know nothing of it.
  if (!types.isNativeError(cause)) return 'no answer';
  const before: unknown = 'previousErrors' in cause ? cause.previousErrors : undefined;
  const first: unknown = Array.isArray(before) ? before[0] : undefined;
  return first instanceof Error ? first.message : cause.message;
}
