import { LockStoreError } from 'nestjs-redis-lock';
import type { ManualClock } from 'nestjs-redis-lock/testing';
import type * as commands from '../../../libs/redis-lock/src/store/lock-store.interface.js';
import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import type { MemoryLockServer } from '../../../libs/redis-lock/src/store/memory/memory-lock-server.js';
import { MemoryLockStore } from '../../../libs/redis-lock/src/store/memory/memory-lock.store.js';

const COMMANDS = ['grant', 'release', 'cancel', 'leave', 'heartbeat', 'confirm', 'renew', 'extend', 'downgrade', 'replicate'] as const;

export type CommandName = (typeof COMMANDS)[number];

/** What becomes of a command; most of them are done at once, and answered at once. */
export type Fate =
  /** Nothing is done, and the sender knows it. */
  | { readonly kind: 'refused' }
  /** Done at once, but the answer is lost: the sender gives up after that many ms. */
  | { readonly kind: 'unanswered'; readonly ms: number }
  /** Done at once, and answered that many ms later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Done that many ms later, and answered then, or so many ms after that. */
  | { readonly kind: 'late'; readonly ms: number; readonly answerMs?: number }
  /** The sender gives up after that many ms, and it is done later still. */
  | { readonly kind: 'overdue'; readonly ms: number; readonly doneMs: number };

/** A command as it was sent. */
export interface SentCommand {
  readonly name: CommandName;
  readonly token: string;
  readonly at: number;
}

/** The store of one process in memory, whose commands, answers and messages a test can steer. */
export class SteeredStore extends MemoryLockStore {
  /** Every command that was sent, whatever became of it. */
  readonly sent: SentCommand[] = [];
  /** What becomes of commands from now on; those that are not named fare well. */
  fates: Partial<Record<CommandName, Fate>> = {};
  /** How many replicas there are. */
  replicas = Infinity;
  private kept: (() => void)[] | undefined;
  private readonly delivered: (() => void)[] = [];

  constructor(
    server: MemoryLockServer,
    commandTimeout: number,
    private readonly clock: ManualClock,
  ) {
    super(server, commandTimeout);
  }

  /** From now on every command has that fate. */
  steerAll(fate: Fate): void {
    this.fates = Object.fromEntries(COMMANDS.map((name) => [name, fate]));
  }

  /** The names of the commands that were sent since so many had been. */
  namesSince(count: number): CommandName[] {
    return this.sent.slice(count).map(({ name }) => name);
  }

  /** Messages to this process stay on their way until they are delivered. */
  keepMessages(): void {
    this.kept ??= [];
  }

  deliverMessages(): void {
    const late = this.kept ?? [];
    this.kept = undefined;
    for (const deliver of late) deliver();
  }

  /** What was on its way never arrives. */
  loseMessages(): void {
    this.kept = undefined;
  }

  /** Everything that was delivered comes once more. */
  repeatMessages(): void {
    for (const deliver of this.delivered) deliver();
  }

  override open(inbox: commands.StoreInbox): Promise<void> {
    const pass = (deliver: () => void): void => {
      if (this.kept !== undefined) {
        this.kept.push(deliver);
        return;
      }
      this.delivered.push(deliver);
      deliver();
    };
    return super.open({
      process: inbox.process,
      onGranted: (key, grant) => pass(() => inbox.onGranted(key, grant)),
      onShared: (key, kind, grant) => pass(() => inbox.onShared(key, kind, grant)),
      onOthersWait: (key) => pass(() => inbox.onOthersWait(key)),
      onForced: (key, token) => pass(() => inbox.onForced(key, token)),
    });
  }

  override grant(command: commands.GrantCommand): Promise<commands.GrantReply> {
    return this.send('grant', command.token, () => super.grant(command));
  }

  override release(command: commands.ReleaseCommand): Promise<commands.ReleaseReply> {
    return this.send('release', command.token, () => super.release(command));
  }

  override cancel(key: string, token: string, sharing?: Sharing): Promise<void> {
    return this.send('cancel', token, () => super.cancel(key, token, sharing));
  }

  override leave(key: string, token: string, sharing?: Sharing): Promise<void> {
    return this.send('leave', token, () => super.leave(key, token, sharing));
  }

  override heartbeat(command: commands.HeartbeatCommand): Promise<commands.HeartbeatReply> {
    return this.send('heartbeat', command.current, () => super.heartbeat(command));
  }

  override confirm(command: commands.ConfirmCommand): Promise<commands.ConfirmReply> {
    return this.send('confirm', command.token, () => super.confirm(command));
  }

  override renew(renewals: readonly commands.LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    return this.send('renew', renewals.map(({ token }) => token).join(), () => super.renew(renewals));
  }

  override extend(command: commands.LeaseCommand): Promise<boolean> {
    return this.send('extend', command.token, () => super.extend(command));
  }

  override downgrade(command: commands.LeaseCommand): Promise<boolean> {
    return this.send('downgrade', command.token, () => super.downgrade(command));
  }

  override replicate(command: commands.LeaseCommand, min: number): Promise<number> {
    return this.send('replicate', command.token, async () => Math.min(this.replicas, await super.replicate(command, min)));
  }

  private async send<T>(name: CommandName, token: string, run: () => Promise<T>): Promise<T> {
    this.sent.push({ name, token, at: this.clock.now().monotonic });
    const fate = this.fates[name];
    if (fate === undefined) return run();
    if (fate.kind === 'refused') throw new LockStoreError(`${name}: connection refused`);
    if (fate.kind === 'overdue') {
      this.clock.after(fate.doneMs, () => void run());
      await this.clock.sleep(fate.ms);
      throw new LockStoreError(`${name}: command timed out`);
    }
    if (fate.kind === 'late') await this.clock.sleep(fate.ms);
    const reply = await run();
    if (fate.kind !== 'late') await this.clock.sleep(fate.ms);
    else if (fate.answerMs !== undefined) await this.clock.sleep(fate.answerMs);
    if (fate.kind === 'unanswered') throw new LockStoreError(`${name}: command timed out`);
    return reply;
  }
}
