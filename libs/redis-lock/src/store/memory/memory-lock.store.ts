import type {
  GrantCommand,
  GrantReply,
  LeaseCommand,
  LockDescription,
  LockStore,
  ProcessCard,
  ProcessCardChange,
  StoreInbox,
  StoredLock,
} from '../lock-store.interface.js';
import { globPattern } from './glob-pattern.js';
import type { MemoryLockServer } from './memory-lock-server.js';

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
        if (message.kind === 'wake') inbox.onWake(message.key);
        else inbox.onForced(message.key, message.token);
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
    const reply = this.server.grant({
      ...command,
      deadline: this.server.now() + this.commandTimeout * 1_000,
      wakeProcess: command.wake ? this.process : undefined,
      wakeLapseMs: this.commandTimeout + 1_000,
    });
    if (reply.status === 'granted' || reply.status === 'busy') return reply;
    return { status: 'void' };
  }

  async release(key: string, token: string, keepMs: number): Promise<boolean> {
    return this.server.release(key, token, keepMs);
  }

  async cancel(key: string, token: string): Promise<void> {
    this.server.cancel(key, token, 2 * this.commandTimeout);
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
}

function apply<V>(target: Map<string, V>, changes: ReadonlyMap<string, V | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) target.delete(key);
    else target.set(key, value);
  }
}
