import type {
  ConfirmCommand,
  ConfirmReply,
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
  readonly held: Map<string, LockDescription>;
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
    const { queue } = command;
    const reply = this.server.grant({ ...command, deadline: this.deadline(), queue: queue && this.standing(queue) });
    return reply.status === 'stale' || reply.status === 'cancelled' ? VOID : reply;
  }

  async release({ key, token, keepMs, next }: ReleaseCommand): Promise<ReleaseReply> {
    return this.server.release(key, token, keepMs, next && this.place(next));
  }

  async cancel(key: string, token: string): Promise<void> {
    this.server.cancel(key, token, 2 * this.commandTimeout);
  }

  async leave(key: string, token: string): Promise<void> {
    this.server.cancel(key, token, 0);
  }

  async heartbeat({ key, current, since, ...next }: HeartbeatCommand): Promise<HeartbeatReply> {
    const reply = this.server.heartbeat({ ...this.place(next), key, current, since });
    return reply.status === 'stale' ? VOID : reply;
  }

  async confirm({ key, token, leaseMs, reserve }: ConfirmCommand): Promise<ConfirmReply> {
    return this.server.confirm(key, token, leaseMs, reserve);
  }

  async renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    return commands.map(({ key, token, leaseMs }) => ({ status: 'fulfilled', value: this.server.renew(key, token, leaseMs) }));
  }

  async extend({ key, token, leaseMs }: LeaseCommand): Promise<boolean> {
    // It arrives as it is sent, before any deadline.
    return this.server.extend(key, token, leaseMs) === true;
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
      held: card.held.get(key),
      waitingCallers: card.waiting.get(key) ?? 0,
    };
  }

  /** What is sent arrives before any deadline. */
  private deadline(): number {
    return this.server.now() + this.commandTimeout * 1_000;
  }

  private standing({ graceMs, since }: Standing): ArrivingStanding {
    return { graceMs, since, liveMs: LIVE_MS + this.commandTimeout, hears: true };
  }

  private place({ token, leaseMs, graceMs }: QueueCommand): ArrivingPlace {
    return { ...this.standing({ graceMs, since: undefined }), token, leaseMs, deadline: this.deadline() };
  }
}

function deliver(message: ServerMessage, inbox: StoreInbox): void {
  const { kind, key } = message;
  if (kind === 'granted') inbox.onGranted(key, message.grant);
  else if (kind === 'others') inbox.onOthersWait(key);
  else inbox.onForced(key, message.token);
}

function apply<V>(target: Map<string, V>, changes: ReadonlyMap<string, V | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) target.delete(key);
    else target.set(key, value);
  }
}
