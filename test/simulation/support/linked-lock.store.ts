import { LockStoreError } from '../../../libs/redis-lock/src/errors/lock-store.error.js';
import { atMost } from '../../../libs/redis-lock/src/runtime/at-most.js';
import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
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
  ReleaseCommand,
  ReleaseReply,
  Standing,
  StoreInbox,
  StoredLock,
} from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import { ServerClock } from '../../../libs/redis-lock/src/store/redis/server-clock.js';
import type { ArrivingStanding, ServerGrantReply } from '../../../libs/redis-lock/src/store/memory/memory-messages.js';
import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
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
  private inbox: StoreInbox | undefined;

  constructor(private readonly parts: LinkedLockStoreParts) {}

  /** The connection closed: whoever answers on the next one may have another clock. */
  forgetServer(): void {
    this.clock = new ServerClock();
  }

  async open(inbox: StoreInbox): Promise<void> {
    this.name = inbox.process;
    this.inbox = inbox;
    this.subscribe();
  }

  /** From now on messages come through. */
  subscribe(): void {
    const { inbox } = this;
    if (inbox === undefined) return;
    this.parts.server.connect(inbox.process, (message) =>
      this.parts.link.message(() => {
        if (message.kind === 'granted') inbox.onGranted(message.key, message.grant);
        else if (message.kind === 'shared') inbox.onShared(message.key, message.sharing.kind, message.grant);
        else if (message.kind === 'others') inbox.onOthersWait(message.key);
        else inbox.onForced(message.key, message.token);
      }),
    );
  }

  async close(): Promise<void> {
    this.inbox = undefined;
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
    return reply.status === 'stale' || reply.status === 'cancelled' ? { status: 'void' } : reply;
  }

  async release({ key, token, keepMs, next, sharing }: ReleaseCommand): Promise<ReleaseReply> {
    const { link, server, process } = this.parts;
    const place = next && {
      ...this.standing({ ...next, sharing }),
      token: next.token,
      leaseMs: next.leaseMs,
      deadline: this.deadline(next.sent),
    };
    if (next !== undefined) server.sentAt.set(next.token, server.world.time);
    const apply = (): ReleaseReply & { now: number } => ({
      ...(sharing === undefined ? server.release(key, token, keepMs, place) : server.shareRelease(key, token, keepMs, place)),
      now: server.now(),
    });
    const reply = await link.request(
      `release ${key} ${token.slice(-4)}${next === undefined ? '' : ' and queue'}`,
      apply,
      keepMs === 0 && next === undefined,
    );
    if (next !== undefined) this.clock.observe(reply.now, next.sent.monotonic, process.now().monotonic);
    return reply;
  }

  leave(key: string, token: string, sharing?: Sharing): Promise<void> {
    const { link } = this.parts;
    return link.request(`leave ${key} ${token.slice(-4)}`, () => this.takeBack(key, token, 0, sharing), true);
  }

  async heartbeat({ key, current, token, leaseMs, graceMs, since, count, sharing, sent }: HeartbeatCommand): Promise<HeartbeatReply> {
    const { link, server, process } = this.parts;
    const command = { ...this.standing({ graceMs, since, count, sharing }), key, current, token, leaseMs, deadline: this.deadline(sent) };
    server.sentAt.set(token, server.world.time);
    const reply = await link.request(`heartbeat ${key} ${current.slice(-4)} ${token.slice(-4)}`, () =>
      sharing === undefined ? server.heartbeat(command) : server.shareHeartbeat(command, sharing),
    );
    this.clock.observe(reply.now, sent.monotonic, process.now().monotonic);
    return reply.status === 'stale' ? { status: 'void' } : reply;
  }

  confirm({ key, token, leaseMs, reserve }: ConfirmCommand): Promise<ConfirmReply> {
    const { link, server } = this.parts;
    return link.request(`confirm ${key} ${token.slice(-4)}+${String(leaseMs)}`, () => server.confirm(key, token, leaseMs, reserve), true);
  }

  cancel(key: string, token: string, sharing?: Sharing): Promise<void> {
    const { link, commandTimeout } = this.parts;
    return link.request(`cancel ${key} ${token.slice(-4)}`, () => this.takeBack(key, token, 2 * commandTimeout, sharing), true);
  }

  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    const { link, server } = this.parts;
    const names = commands.map(({ key, leaseMs }) => `${key}+${String(leaseMs)}`).join(' ');
    const replies = await link.request(
      `renew ${names}`,
      () =>
        commands.map(({ key, token, leaseMs, sharing }) =>
          sharing === undefined ? server.renew(key, token, leaseMs) : server.shareRenew(key, token, leaseMs),
        ),
      true,
    );
    return replies.map((value) => ({ status: 'fulfilled', value }));
  }

  extend({ key, token, leaseMs, sharing }: LeaseCommand): Promise<boolean> {
    const { server } = this.parts;
    return this.twice(`extend ${key}+${String(leaseMs)}`, (deadline) =>
      sharing === undefined ? server.extend(key, token, leaseMs, deadline) : server.shareExtend(key, token, leaseMs, deadline),
    );
  }

  downgrade({ key, token, leaseMs }: LeaseCommand): Promise<boolean> {
    return this.twice(`downgrade ${key}`, (deadline) => this.parts.server.downgrade(key, token, leaseMs, deadline));
  }

  async grantAll({ claims, leaseMs, sent }: GrantAllCommand): Promise<GrantAllReply> {
    const { link, server, process } = this.parts;
    const deadline = this.deadline(sent);
    for (const { token } of claims) server.sentAt.set(token, server.world.time);
    const reply = await link.request(`grant all of ${claims.map(({ key }) => key).join()}`, () => ({
      fences: server.grantAll(claims, leaseMs, deadline),
      now: server.now(),
    }));
    this.clock.observe(reply.now, sent.monotonic, process.now().monotonic);
    if (reply.fences === 'stale') return { status: 'void' };
    return reply.fences === undefined ? { status: 'busy' } : { status: 'granted', fences: reply.fences };
  }

  private async twice(what: string, apply: (deadline: number) => boolean | 'stale'): Promise<boolean> {
    const { link, server, process, commandTimeout } = this.parts;
    for (let tries = 1; ; tries++) {
      const { clock } = this;
      const sent = process.now().monotonic;
      const now = clock.at(sent);
      const deadline = now === undefined ? 0 : now + commandTimeout * 1_000;
      const reply = await link.request(what, () => ({
        held: apply(deadline),
        now: server.now(),
      }));
      clock.observe(reply.now, sent, process.now().monotonic);
      if (reply.held !== 'stale') return reply.held;
      if (tries === 2) throw new LockStoreError(`${what}: stale`);
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

  private async attempt(command: GrantCommand, sent: Instant): Promise<ServerGrantReply> {
    const { link, server, process } = this.parts;
    const { queue, sharing } = command;
    const arriving = { ...command, deadline: this.deadline(sent), queue: queue && this.standing({ ...queue, sharing }) };
    server.sentAt.set(command.token, server.world.time);
    const reply = await link.request(`grant ${command.key} ${command.token.slice(-4)}`, () =>
      sharing === undefined ? server.grant(arriving) : server.shareGrant(arriving, sharing),
    );
    this.clock.observe(reply.now, sent.monotonic, process.now().monotonic);
    return reply;
  }

  /** In the server's time, µs; long past where nothing is known of it. */
  private deadline({ monotonic }: Instant): number {
    const now = this.clock.at(monotonic);
    return now === undefined ? 0 : now + this.parts.commandTimeout * 1_000;
  }

  private takeBack(key: string, token: string, tombstoneMs: number, sharing: Sharing | undefined): void {
    const { server } = this.parts;
    if (sharing === undefined) server.cancel(key, token, tombstoneMs);
    else server.shareCancel(key, token, tombstoneMs, sharing);
  }

  private standing({
    graceMs,
    since,
    count,
    sharing,
  }: Partial<Standing> & { readonly graceMs: number; readonly sharing: Sharing | undefined }): ArrivingStanding {
    return { graceMs, since, count, sharing, liveMs: 1_000 + this.parts.commandTimeout, hears: this.parts.link.isUp };
  }
}
