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
  LockDescription,
  LockStore,
  ProcessCard,
  ProcessCardChange,
  QueueCommand,
  ReleaseCommand,
  ReleaseReply,
  Standing,
  StoreInbox,
  StoredLock,
} from '../lock-store.interface.js';
import type { Sharing } from '../sharing.js';
import { globPattern } from './glob-pattern.js';
import type { MemoryLockServer } from './memory-lock-server.js';
import type { ArrivingPlace, ArrivingStanding, ServerMessage } from './memory-messages.js';

/** A process in line counts as alive for this long and commandTimeout after it was heard of. */
const LIVE_MS = 1_000;
const VOID = { status: 'void' } as const;

/** The cards of all processes that share a server; a card lives as long as its store. */
const cardsOf = new WeakMap<MemoryLockServer, Map<string, StoredCard>>();

interface StoredCard {
  host: string;
  pid: number;
  writtenAt: number;
  readonly held: Map<string, readonly LockDescription[]>;
  readonly waiting: Map<string, number>;
}

/** Locks inside one process, with the same leases, fences and waiting as on Redis: for unit tests and first steps. */
export class MemoryLockStore implements LockStore {
  readonly description = 'memory (one process only)';
  private readonly cards: Map<string, StoredCard>;
  private process = '';

  constructor(
    private readonly server: MemoryLockServer,
    private readonly commandTimeout: number,
  ) {
    this.cards = cardsOf.get(server) ?? new Map<string, StoredCard>();
    cardsOf.set(server, this.cards);
  }

  async open(inbox: StoreInbox): Promise<void> {
    this.process = inbox.process;
    this.server.connect(inbox.process, (message) => {
      // Delivered in a task of its own, as from a socket: never inside the call that caused it.
      queueMicrotask(() => {
        deliver(message, inbox);
      });
    });
  }

  async close(): Promise<void> {
    this.server.disconnect(this.process);
    this.cards.delete(this.process);
  }

  async ping(): Promise<void> {
    // Always there.
  }

  async grant(command: GrantCommand): Promise<GrantReply> {
    const { queue, sharing } = command;
    const arriving = { ...command, deadline: this.deadline(), queue: queue && this.standing(queue, sharing) };
    const reply = sharing === undefined ? this.server.grant(arriving) : this.server.shareGrant(arriving, sharing);
    return reply.status === 'stale' || reply.status === 'cancelled' ? VOID : reply;
  }

  async grantAll({ claims, leaseMs }: GrantAllCommand): Promise<GrantAllReply> {
    const fences = this.server.grantAll(claims, leaseMs, this.deadline());
    if (fences === 'stale') return VOID;
    return fences === undefined ? { status: 'busy' } : { status: 'granted', fences };
  }

  async release({ key, token, keepMs, next, sharing }: ReleaseCommand): Promise<ReleaseReply> {
    const place = next && this.place(next, sharing);
    return sharing === undefined ? this.server.release(key, token, keepMs, place) : this.server.shareRelease(key, token, keepMs, place);
  }

  async cancel(key: string, token: string, sharing?: Sharing): Promise<void> {
    this.takeBack(key, token, sharing, 2 * this.commandTimeout);
  }

  async leave(key: string, token: string, sharing?: Sharing): Promise<void> {
    this.takeBack(key, token, sharing, 0);
  }

  async heartbeat({ key, current, since, sharing, ...next }: HeartbeatCommand): Promise<HeartbeatReply> {
    const beat = { ...this.place(next, sharing), key, current, since };
    const reply = sharing === undefined ? this.server.heartbeat(beat) : this.server.shareHeartbeat(beat, sharing);
    return reply.status === 'stale' ? VOID : reply;
  }

  async confirm({ key, token, leaseMs, reserve }: ConfirmCommand): Promise<ConfirmReply> {
    return this.server.confirm(key, token, leaseMs, reserve);
  }

  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    return commands.map(({ key, token, leaseMs, sharing }) => ({
      status: 'fulfilled',
      value: sharing === undefined ? this.server.renew(key, token, leaseMs) : this.server.shareRenew(key, token, leaseMs),
    }));
  }

  async extend({ key, token, leaseMs, sharing }: LeaseCommand): Promise<boolean> {
    // It arrives as it is sent, before any deadline.
    return (sharing === undefined ? this.server.extend(key, token, leaseMs) : this.server.shareExtend(key, token, leaseMs)) === true;
  }

  async downgrade({ key, token, leaseMs }: LeaseCommand): Promise<boolean> {
    return this.server.downgrade(key, token, leaseMs) === true;
  }

  async replicate(_command: LeaseCommand, min: number): Promise<number> {
    // There is nothing that could fail over.
    return min;
  }

  async forceRelease(key: string): Promise<boolean> {
    return this.server.forceRelease(key);
  }

  async inspect(key: string): Promise<StoredLock> {
    return this.server.inspect(key);
  }

  async *keys(pattern: string): AsyncIterable<string> {
    const matches = globPattern(pattern);
    for (const key of this.server.keys()) if (matches.test(key)) yield key;
  }

  async describe(change: ProcessCardChange): Promise<void> {
    const card = this.cards.get(this.process) ?? { host: change.host, pid: change.pid, writtenAt: 0, held: new Map(), waiting: new Map() };
    card.writtenAt = this.server.now();
    apply(card.held, change.held);
    apply(card.waiting, change.waiting);
    this.cards.set(this.process, card);
  }

  async readCard(process: string, key: string): Promise<ProcessCard | undefined> {
    const card = this.cards.get(process);
    if (card === undefined) return undefined;
    return {
      host: card.host,
      pid: card.pid,
      ageMs: (this.server.now() - card.writtenAt) / 1_000,
      held: card.held.get(key) ?? [],
      waitingCallers: card.waiting.get(key) ?? 0,
    };
  }

  /** What is sent arrives before any deadline. */
  private deadline(): number {
    return this.server.now() + this.commandTimeout * 1_000;
  }

  private takeBack(key: string, token: string, sharing: Sharing | undefined, tombstoneMs: number): void {
    if (sharing === undefined) this.server.cancel(key, token, tombstoneMs);
    else this.server.shareCancel(key, token, tombstoneMs, sharing);
  }

  private standing({ graceMs, since, count }: Standing, sharing: Sharing | undefined): ArrivingStanding {
    return { graceMs, since, count, sharing, liveMs: LIVE_MS + this.commandTimeout, hears: true };
  }

  private place({ token, leaseMs, graceMs, count }: QueueCommand, sharing: Sharing | undefined): ArrivingPlace {
    return {
      ...this.standing({ graceMs, since: undefined, ...(count === undefined ? {} : { count }) }, sharing),
      token,
      leaseMs,
      deadline: this.deadline(),
    };
  }
}

function deliver(message: ServerMessage, inbox: StoreInbox): void {
  const { kind, key } = message;
  if (kind === 'granted') inbox.onGranted(key, message.grant);
  else if (kind === 'shared') inbox.onShared(key, message.sharing.kind, message.grant);
  else if (kind === 'others') inbox.onOthersWait(key);
  else inbox.onForced(key, message.token);
}

function apply<V>(target: Map<string, V>, changes: ReadonlyMap<string, V | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) target.delete(key);
    else target.set(key, value);
  }
}
