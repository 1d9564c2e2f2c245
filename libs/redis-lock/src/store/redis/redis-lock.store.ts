import { LockOptionsError } from '../../errors/lock-options.error.js';
import { CANCEL, EXTEND, FORCE_RELEASE, GRANT, INSPECT, RELEASE, RENEW } from '../../lua/scripts.generated.js';
import type { Clock, Instant, Timers } from '../../runtime/clock.js';
import type { LockLog } from '../../runtime/lock-log.js';
import type {
  GrantCommand,
  GrantReply,
  LeaseCommand,
  LockStore,
  ProcessCard,
  ProcessCardChange,
  StoreInbox,
  StoredLock,
} from '../lock-store.interface.js';
import type { ClientFactory } from './client-settings.js';
import { KeySpace } from './key-space.js';
import { ProcessCards } from './process-cards.js';
import { RedisLink } from './redis-link.js';
import { lockNames, serverOf } from './servers.js';
import { ServerClock } from './server-clock.js';
import { checkServer } from './server-check.js';

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

/** How many leases one script prolongs: long enough to save commands, short enough not to hold up the server. */
const RENEW_BATCH = 100;
/** Reply codes of grant.lua. */
const GRANTED = 0;
const BUSY = 1;
const STALE = 2;
const VOID: GrantReply = { status: 'void' };

/** Locks on one Redis primary, on what Sentinel calls the primary, or on a Cluster. */
export class RedisLockStore implements LockStore {
  readonly description: string;
  private readonly names: KeySpace;
  private readonly commands: RedisLink;
  private readonly subscriber: RedisLink;
  private readonly cards: ProcessCards;
  private confirmations: RedisLink | undefined;
  /** One per server that answers: another server has another clock. */
  private readonly clocks = new Map<string, ServerClock>();
  private process = '';

  constructor(private readonly options: RedisLockStoreOptions) {
    const { clients, commandTimeout } = options;
    this.description = clients.description;
    this.names = new KeySpace(clients.keyPrefix + options.keyPrefix, clients.clustered);
    this.commands = this.link(`Redis (${clients.description})`, commandTimeout);
    this.subscriber = this.link(`Redis subscription (${clients.description})`, undefined);
    this.cards = new ProcessCards(this.commands, this.names);
    this.commands.client.on('close', () => this.clocks.clear());
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
      await this.listen(inbox);
      await this.rehearse();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.cards.remove(this.process).catch(() => undefined);
    for (const link of [this.commands, this.subscriber, this.confirmations]) link?.close();
  }

  async ping(): Promise<void> {
    await this.commands.use('PING', (client) => client.ping());
  }

  grant(command: GrantCommand): Promise<GrantReply> {
    // STALE is a clear answer, and it brought the server's time: the same attempt once more, with the corrected deadline.
    return this.attempt(command, command.sent, () => this.attempt(command, this.options.clock.now(), () => VOID));
  }

  release(key: string, token: string, keepMs: number): Promise<boolean> {
    const lock = this.names.lock(key);
    const args = [lock, this.names.companion(lock), token, Math.ceil(keepMs), this.names.channelPrefix];
    return this.commands.run(RELEASE, 2, args, isDone);
  }

  async cancel(key: string, token: string): Promise<void> {
    const lock = this.names.lock(key);
    // The attempt was sent before this, so its deadline lies before now + commandTimeout; as much again for errors of the estimate.
    const tombstoneMs = 2 * this.options.commandTimeout;
    await this.commands.run(CANCEL, 2, [lock, this.names.companion(lock), token, tombstoneMs, this.names.channelPrefix], isDone);
  }

  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    const size = this.options.clients.clustered ? 1 : RENEW_BATCH;
    const batches: Promise<PromiseSettledResult<boolean>[]>[] = [];
    for (let start = 0; start < commands.length; start += size) {
      batches.push(this.renewBatch(commands.slice(start, start + size)));
    }
    return (await Promise.all(batches)).flat();
  }

  async extend({ key, token, leaseMs }: LeaseCommand): Promise<boolean> {
    return this.commands.run(EXTEND, 1, [this.names.lock(key), token, leaseMs], isDone);
  }

  async replicate({ key, token, leaseMs }: LeaseCommand, min: number, timeoutMs: number): Promise<number> {
    if (this.options.clients.clustered) {
      throw new LockOptionsError('replicas: not supported on a Cluster in this version.', { key });
    }
    this.confirmations ??= await this.connectConfirmations();
    const link = this.confirmations;
    // WAIT speaks of the writes of its own connection, so the lease is confirmed over this one.
    const [confirmed] = await link.run(RENEW, 1, [this.names.lock(key), token, leaseMs], eachDone);
    if (confirmed !== true) return 0;
    return link.use('WAIT', (client) => client.wait(min, timeoutMs));
  }

  async forceRelease(key: string): Promise<boolean> {
    const lock = this.names.lock(key);
    return this.commands.run(FORCE_RELEASE, 2, [lock, this.names.companion(lock), this.names.channelPrefix], isDone);
  }

  async inspect(key: string): Promise<StoredLock> {
    const lock = this.names.lock(key);
    const [, owner, leaseLeft, type, waiting] = await this.commands.run(
      INSPECT,
      2,
      [lock, this.names.companion(lock)],
      // The shape is inspect.lua's.
      (reply) => reply as [number, string | null, number, string, string[]],
    );
    return {
      key,
      owner: owner ?? undefined,
      foreignType: type === 'string' || type === 'none' ? undefined : type,
      leaseLeftMs: known(leaseLeft),
      waiting,
    };
  }

  async *keys(pattern: string): AsyncIterable<string> {
    for await (const name of lockNames(this.commands.client, this.names.scanPattern(pattern))) {
      const key = this.names.keyOf(name);
      if (key !== undefined) yield key;
    }
  }

  describe(change: ProcessCardChange): Promise<void> {
    return this.cards.write(this.process, change);
  }

  readCard(process: string, key: string): Promise<ProcessCard | undefined> {
    return this.cards.read(process, key);
  }

  private attempt(
    command: GrantCommand,
    { monotonic: sent }: Instant,
    whenStale: () => GrantReply | Promise<GrantReply>,
  ): Promise<GrantReply> {
    const lock = this.names.lock(command.key);
    const clock = this.clockOf(lock);
    const now = clock.at(sent);
    const args = [
      lock,
      this.names.companion(lock),
      this.names.fence(lock),
      command.token,
      command.leaseMs,
      // Without an estimate yet, a deadline long past: the answer is STALE and brings the server's time.
      now === undefined ? 0 : Math.round(now + this.options.commandTimeout * 1_000),
      command.reserve,
      command.wake ? this.process : '',
      this.options.commandTimeout + 1_000,
    ];
    return this.commands.run(GRANT, 3, args, (reply) => {
      // The shape is grant.lua's.
      const [status, serverTime, detail] = reply as [number, number, number?];
      clock.observe(serverTime, sent, this.options.clock.now().monotonic);
      if (status === GRANTED) return { status: 'granted', fence: detail ?? 0 };
      if (status === BUSY) return { status: 'busy', leaseLeftMs: known(detail) };
      return status === STALE ? whenStale() : VOID;
    });
  }

  private async renewBatch(batch: readonly LeaseCommand[]): Promise<PromiseSettledResult<boolean>[]> {
    const locks = batch.map(({ key }) => this.names.lock(key));
    const args = batch.flatMap(({ token, leaseMs }) => [token, leaseMs]);
    try {
      const held = await this.commands.run(RENEW, locks.length, [...locks, ...args], eachDone);
      return held.map((value) => ({ status: 'fulfilled', value }));
    } catch (reason) {
      return batch.map(() => ({ status: 'rejected', reason }));
    }
  }

  private clockOf(lock: string): ServerClock {
    const server = serverOf(this.commands.client, lock);
    let clock = this.clocks.get(server);
    if (clock === undefined) this.clocks.set(server, (clock = new ServerClock()));
    return clock;
  }

  /** A message is one letter for what happened, then what it concerns; the channel's name carries the protocol's version. */
  private async listen(inbox: StoreInbox): Promise<void> {
    const channel = this.names.channelPrefix + inbox.process;
    this.subscriber.client.on('message', (from: string, message: string) => {
      if (from !== channel) return;
      const space = message.indexOf(' ');
      const key = this.names.keyOf(message.slice(message.startsWith('f') ? space + 1 : 1));
      if (key === undefined) return;
      if (message.startsWith('w')) inbox.onWake(key);
      if (message.startsWith('f')) inbox.onForced(key, message.slice(1, space));
    });
    const subscribe = (): Promise<unknown> => this.subscriber.use('SUBSCRIBE', (client) => client.subscribe(channel));
    await subscribe();
    // Where it fails again, the connection was cut again, and the next one begins here.
    this.subscriber.client.on('ready', () => void subscribe().catch((error: unknown) => this.options.log.warn(String(error))));
  }

  /** One grant and one release of a name nobody uses: shows at start what an ACL forbids, and brings the server's clock. */
  private async rehearse(): Promise<void> {
    const key = `~1:rehearsal:${this.process}`;
    const token = `${this.process}.rehearsal`;
    await this.grant({ key, token, leaseMs: this.options.commandTimeout, reserve: 1, wake: false, sent: this.options.clock.now() });
    await this.release(key, token, 0);
  }

  private link(description: string, timeout: number | undefined): RedisLink {
    return new RedisLink(this.options.clients.create(timeout), description, { ...this.options, timeout });
  }

  private async connectConfirmations(): Promise<RedisLink> {
    const link = this.link(`Redis confirmations (${this.description})`, undefined);
    await link.connect();
    return link;
  }
}

function isDone(reply: unknown): boolean {
  return reply === 1;
}

/** The shape is renew.lua's. */
function eachDone(reply: unknown): boolean[] {
  return (reply as unknown[]).map(isDone);
}

/** PTTL answers with a negative number where there is no TTL. */
function known(pttl: number | undefined): number | undefined {
  return pttl === undefined || pttl < 0 ? undefined : pttl;
}
