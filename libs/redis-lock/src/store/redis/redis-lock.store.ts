import { LockOptionsError } from '../../errors/lock-options.error.js';
import { LockStoreError } from '../../errors/lock-store.error.js';
import { FORCE_RELEASE, INSPECT } from '../../lua/scripts.generated.js';
import type { Clock, Timers } from '../../runtime/clock.js';
import type { LockLog } from '../../runtime/lock-log.js';
import type {
  ConfirmCommand,
  ConfirmReply,
  GrantAllCommand,
  GrantAllReply,
  GrantCommand,
  GrantReply,
  HeartbeatCommand,
  HeartbeatReply,
  LeaseCommand,
  LockStore,
  ProcessCard,
  ProcessCardChange,
  ReleaseCommand,
  ReleaseReply,
  StoreInbox,
  StoredLock,
  StoredShare,
} from '../lock-store.interface.js';
import { sharingOf, type Sharing } from '../sharing.js';
import type { ClientFactory } from './client-settings.js';
import { Confirmations } from './confirmations.js';
import { GrantScript } from './grant-script.js';
import { KeySpace } from './key-space.js';
import { LeaseScripts } from './lease-scripts.js';
import { lockNames } from './lock-names.js';
import { ProcessCards } from './process-cards.js';
import { QueueScripts } from './queue-scripts.js';
import { RedisLink } from './redis-link.js';
import { rehearse } from './rehearsal.js';
import { isDone, known } from './script-replies.js';
import { ServerClocks } from './server-clocks.js';
import { checkServer } from './server-check.js';
import { subscribe, type Subscription } from './subscription.js';

/** What the Redis store is made with. */
export interface RedisLockStoreOptions {
  readonly clients: ClientFactory;
  readonly keyPrefix: string;
  /** How long one command may take, in ms; also how long an attempt may lie on its way. */
  readonly commandTimeout: number;
  readonly allowEviction: boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: LockLog;
}

/** Locks on one Redis primary, on what Sentinel calls the primary, or on a Cluster. */
export class RedisLockStore implements LockStore {
  readonly description: string;
  private readonly names: KeySpace;
  private readonly commands: RedisLink;
  private readonly subscriber: RedisLink;
  private readonly cards: ProcessCards;
  private readonly confirmations: Confirmations;
  private readonly clocks: ServerClocks;
  private readonly grants: GrantScript;
  private readonly queue: QueueScripts;
  private readonly leases: LeaseScripts;
  private subscription: Subscription | undefined;
  private process = '';

  constructor(private readonly options: RedisLockStoreOptions) {
    const { clients } = options;
    this.description = clients.description;
    this.names = new KeySpace(clients.keyPrefix + options.keyPrefix, clients.clustered);
    this.commands = this.link('Redis');
    this.subscriber = this.link('Redis subscription');
    this.confirmations = new Confirmations({ ...options, link: () => this.link('Redis confirmations') });
    this.cards = new ProcessCards(this.commands, this.names);
    this.clocks = new ServerClocks(this.commands, options.clock);
    const parts = { ...options, link: this.commands, names: this.names, clocks: this.clocks };
    this.queue = new QueueScripts({
      ...parts,
      // A Cluster counts only who listens on the same node.
      hearsEverything: () => !clients.clustered && this.subscription?.isUp === true,
    });
    this.leases = new LeaseScripts({ ...parts, clustered: clients.clustered });
    this.grants = new GrantScript({ ...parts, queue: this.queue });
  }

  async open(inbox: StoreInbox): Promise<void> {
    this.process = inbox.process;
    try {
      await Promise.all([this.commands.connect(), this.subscriber.connect()]);
      checkServer({
        info: await this.commands.use('INFO', (client) => client.info()),
        description: this.description,
        allowEviction: this.options.allowEviction,
      });
      this.subscription = await subscribe({ ...this.options, link: this.subscriber, names: this.names, inbox });
      await this.rehearse();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.cards.remove(this.process).catch(() => undefined);
    for (const link of [this.commands, this.subscriber, this.confirmations]) link.close();
  }

  async ping(): Promise<void> {
    await this.commands.use('PING', (client) => client.ping());
  }

  grant(command: GrantCommand): Promise<GrantReply> {
    return this.grants.make(command);
  }

  grantAll(command: GrantAllCommand): Promise<GrantAllReply> {
    return this.leases.grantAll(command);
  }

  release(command: ReleaseCommand): Promise<ReleaseReply> {
    return this.queue.release(command);
  }

  async cancel(key: string, token: string, sharing?: Sharing): Promise<void> {
    // The attempt was sent before this, so its deadline lies before now + commandTimeout; as much again for errors of the estimate.
    await this.queue.cancel(key, token, 2 * this.options.commandTimeout, sharing);
  }

  async leave(key: string, token: string, sharing?: Sharing): Promise<void> {
    await this.queue.cancel(key, token, 0, sharing);
  }

  heartbeat(command: HeartbeatCommand): Promise<HeartbeatReply> {
    return this.queue.heartbeat(command);
  }

  confirm(command: ConfirmCommand): Promise<ConfirmReply> {
    return this.queue.confirm(command);
  }

  renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    return this.leases.renew(commands);
  }

  extend(command: LeaseCommand): Promise<boolean> {
    return this.leases.extend(command);
  }

  downgrade(command: LeaseCommand): Promise<boolean> {
    return this.leases.downgrade(command);
  }

  async replicate(command: LeaseCommand, min: number, timeoutMs: number): Promise<number> {
    if (this.options.clients.clustered) {
      throw new LockOptionsError('replicas: not supported on a Cluster in this version.', command);
    }
    const lock = this.names.lock(command.key);
    return this.confirmations.confirm([lock, this.names.companion(lock)], command, min, timeoutMs);
  }

  async forceRelease(key: string): Promise<boolean> {
    const lock = this.names.lock(key);
    try {
      return await this.commands.run(FORCE_RELEASE, 3, [...this.names.keysOf(lock), this.names.channelPrefix], isDone);
    } catch (error) {
      const { foreignType } = isWrongType(error) ? await this.inspect(key) : {};
      if (foreignType === undefined) throw error;
      const message = `The key '${key}' holds a ${foreignType}, which is no lock: another program uses the same name. It was left as it is.`;
      throw new LockStoreError(message, { key, cause: error });
    }
  }

  async inspect(key: string): Promise<StoredLock> {
    const lock = this.names.lock(key);
    const [, owner, leaseLeft, type, waiting, shares] = await this.commands.run(
      INSPECT,
      2,
      [lock, this.names.companion(lock)],
      // The shape is inspect.lua's.
      (reply) => reply as [number, string | null, number, string, string[], (string | number)[]],
    );
    const sharing = sharingOf(owner ?? undefined);
    return {
      key,
      owner: sharing === undefined ? (owner ?? undefined) : undefined,
      sharing,
      shares: sharesOf(shares),
      foreignType: type === 'string' || type === 'none' ? undefined : type,
      leaseLeftMs: known(leaseLeft),
      waiting,
    };
  }

  async *keys(pattern: string): AsyncIterable<string> {
    for await (const name of lockNames(this.commands, this.names.scanPattern(pattern))) {
      const key = this.names.listedKeyOf(name);
      if (key !== undefined) yield key;
    }
  }

  describe(change: ProcessCardChange): Promise<void> {
    return this.cards.write(this.process, change);
  }

  readCard(process: string, key: string): Promise<ProcessCard | undefined> {
    return this.cards.read(process, key);
  }

  private rehearse(): Promise<void> {
    const { process } = this;
    return rehearse({
      ...this.options,
      store: this,
      process,
      publish: () => this.commands.use('publish', (client) => client.publish(this.names.channelPrefix + process, 'rehearsal')),
      read: (key) => this.commands.use('get', (client) => client.get(this.names.lock(key))),
      sweep: async (key) => {
        await this.cards.remove(process);
        await this.commands.use('del', (client) => client.del(this.names.companion(this.names.lock(key))));
      },
    });
  }

  private link(what: string): RedisLink {
    const { clients, commandTimeout } = this.options;
    const parts = { ...this.options, timeout: commandTimeout };
    return new RedisLink(clients.create(commandTimeout), `${what} (${clients.description})`, parts);
  }
}

/** Tokens, each with what is left of its lease. */
function sharesOf(listed: readonly (string | number)[]): StoredShare[] {
  const shares: StoredShare[] = [];
  for (let i = 0; i + 1 < listed.length; i += 2) shares.push({ token: String(listed[i]), leaseLeftMs: Number(listed[i + 1]) });
  return shares;
}

function isWrongType(error: unknown): boolean {
  return error instanceof LockStoreError && error.message.includes('WRONGTYPE');
}
