import { LockStoreError } from '../../../libs/redis-lock/src/errors/lock-store.error.js';
import { atMost } from '../../../libs/redis-lock/src/runtime/at-most.js';
import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import type {
  GrantCommand,
  GrantReply,
  LeaseCommand,
  LockStore,
  StoreInbox,
  StoredLock,
} from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { ServerClock } from '../../../libs/redis-lock/src/store/redis/server-clock.js';
import type { ServerGrantReply } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import type { Link } from './link.js';
import type { ObservedServer } from './observed-server.js';
import type { SimulatedProcess } from './simulated-process.js';

/** What a linked store is made with. */
export interface LinkedLockStoreParts {
  readonly server: ObservedServer;
  readonly link: Link;
  readonly process: SimulatedProcess;
  readonly commandTimeout: number;
}

/** The client's side of the protocol as the Redis store has it, over a simulated link. */
export class LinkedLockStore implements LockStore {
  readonly description = 'simulation';
  private clock = new ServerClock();
  private name = '';

  constructor(private readonly parts: LinkedLockStoreParts) {}

  /** The connection closed: whoever answers on the next one may have another clock. */
  forgetServer(): void {
    this.clock = new ServerClock();
  }

  async open(inbox: StoreInbox): Promise<void> {
    this.name = inbox.process;
    this.parts.server.connect(inbox.process, (message) =>
      this.parts.link.message(() => {
        if (message.kind === 'wake') inbox.onWake(message.key);
        else inbox.onForced(message.key, message.token);
      }),
    );
  }

  async close(): Promise<void> {
    this.parts.server.disconnect(this.name);
  }

  async ping(): Promise<void> {
    await this.parts.link.request('ping', () => undefined);
  }

  async grant(command: GrantCommand): Promise<GrantReply> {
    const { process, commandTimeout } = this.parts;
    let reply: ServerGrantReply | undefined = await this.attempt(command, command.sent);
    if (reply.status === 'stale') {
      const now = process.now();
      const leftMs = command.sent.monotonic + commandTimeout - now.monotonic;
      if (leftMs <= 0) return { status: 'void' };
      reply = await atMost(process, leftMs, this.attempt(command, now));
      if (reply === undefined) throw new LockStoreError(`grant ${command.key}: two answers took too long`);
    }
    return reply.status === 'granted' || reply.status === 'busy' ? reply : { status: 'void' };
  }

  release(key: string, token: string, keepMs: number): Promise<boolean> {
    const { link, server } = this.parts;
    return link.request(`release ${key}`, () => server.release(key, token, keepMs), keepMs === 0);
  }

  cancel(key: string, token: string): Promise<void> {
    const { link, server, commandTimeout } = this.parts;
    return link.request(`cancel ${key}`, () => server.cancel(key, token, 2 * commandTimeout), true);
  }

  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    const { link, server } = this.parts;
    const names = commands.map(({ key, leaseMs }) => `${key}+${String(leaseMs)}`).join(' ');
    const replies = await link.request(
      `renew ${names}`,
      () => commands.map(({ key, token, leaseMs }) => server.renew(key, token, leaseMs)),
      true,
    );
    return replies.map((value) => ({ status: 'fulfilled', value }));
  }

  async extend({ key, token, leaseMs }: LeaseCommand): Promise<boolean> {
    const { link, server, process, commandTimeout } = this.parts;
    for (let tries = 1; ; tries++) {
      const { clock } = this;
      const sent = process.now().monotonic;
      const now = clock.at(sent);
      const deadline = now === undefined ? 0 : now + commandTimeout * 1_000;
      const reply = await link.request(`extend ${key}+${String(leaseMs)}`, () => ({
        held: server.extend(key, token, leaseMs, deadline),
        now: server.now(),
      }));
      clock.observe(reply.now, sent, process.now().monotonic);
      if (reply.held !== 'stale') return reply.held;
      if (tries === 2) throw new LockStoreError(`extend ${key}: stale`);
    }
  }

  async replicate({ key, token, leaseMs }: LeaseCommand, min: number): Promise<number> {
    const { link, server } = this.parts;
    return (await link.request(`replicate ${key}`, () => server.renew(key, token, leaseMs))) ? min : 0;
  }

  forceRelease(key: string): Promise<boolean> {
    const { link, server } = this.parts;
    return link.request(`force ${key}`, () => server.forceRelease(key));
  }

  inspect(key: string): Promise<StoredLock> {
    const { link, server } = this.parts;
    return link.request(`inspect ${key}`, () => server.inspect(key));
  }

  async *keys(): AsyncIterable<string> {
    const { link, server } = this.parts;
    yield* await link.request('keys', () => server.keys());
  }

  async describe(): Promise<void> {
    // Cards play no part in who holds what.
  }

  async readCard(): Promise<undefined> {
    return undefined;
  }

  private async attempt(command: GrantCommand, { monotonic: sent }: Instant): Promise<ServerGrantReply> {
    const { link, server, process, commandTimeout } = this.parts;
    const { clock } = this;
    const now = clock.at(sent);
    server.sentAt.set(command.token, server.world.time);
    const reply = await link.request(`grant ${command.key}`, () =>
      server.grant({
        ...command,
        deadline: now === undefined ? 0 : now + commandTimeout * 1_000,
        wakeProcess: command.wake ? this.name : undefined,
        wakeLapseMs: commandTimeout + 1_000,
      }),
    );
    clock.observe(reply.now, sent, process.now().monotonic);
    return reply;
  }
}
