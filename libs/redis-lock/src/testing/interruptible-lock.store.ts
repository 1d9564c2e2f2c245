import type { Timers } from '../runtime/clock.js';
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
} from '../store/lock-store.interface.js';
import type { Sharing } from '../store/sharing.js';
import type { Outage } from './outage.js';

/** What an interruptible store is made with. */
export interface InterruptibleLockStoreParts {
  readonly store: LockStore;
  readonly outage: Outage;
  readonly timers: Timers;
  /** How long a command to a silent server takes to fail, in ms. */
  readonly commandTimeout: number;
}

/** A store that can be out of reach: then no command gets there, and no message comes back. */
export class InterruptibleLockStore implements LockStore {
  readonly description = 'testing server (one process only)';

  constructor(private readonly parts: InterruptibleLockStoreParts) {}

  open(inbox: StoreInbox): Promise<void> {
    const { outage, store } = this.parts;
    return this.whenUp(() =>
      store.open({
        process: inbox.process,
        onGranted: (key, grant) => {
          if (!outage.isDown) inbox.onGranted(key, grant);
        },
        onShared: (key, kind, grant) => {
          if (!outage.isDown) inbox.onShared(key, kind, grant);
        },
        onOthersWait: (key) => {
          if (!outage.isDown) inbox.onOthersWait(key);
        },
        onForced: (key, token) => {
          if (!outage.isDown) inbox.onForced(key, token);
        },
      }),
    );
  }

  close(): Promise<void> {
    return this.parts.store.close();
  }

  ping(): Promise<void> {
    return this.whenUp(() => this.parts.store.ping());
  }

  grant(command: GrantCommand): Promise<GrantReply> {
    return this.whenUp(() => this.parts.store.grant(command));
  }

  grantAll(command: GrantAllCommand): Promise<GrantAllReply> {
    return this.whenUp(() => this.parts.store.grantAll(command));
  }

  release(command: ReleaseCommand): Promise<ReleaseReply> {
    return this.whenUp(() => this.parts.store.release(command));
  }

  leave(key: string, token: string, sharing?: Sharing): Promise<void> {
    return this.whenUp(() => this.parts.store.leave(key, token, sharing));
  }

  heartbeat(command: HeartbeatCommand): Promise<HeartbeatReply> {
    return this.whenUp(() => this.parts.store.heartbeat(command));
  }

  confirm(command: ConfirmCommand): Promise<ConfirmReply> {
    return this.whenUp(() => this.parts.store.confirm(command));
  }

  cancel(key: string, token: string, sharing?: Sharing): Promise<void> {
    return this.whenUp(() => this.parts.store.cancel(key, token, sharing));
  }

  renew(commands: readonly LeaseCommand[]): Promise<readonly PromiseSettledResult<boolean>[]> {
    return this.whenUp(() => this.parts.store.renew(commands));
  }

  extend(command: LeaseCommand): Promise<boolean> {
    return this.whenUp(() => this.parts.store.extend(command));
  }

  downgrade(command: LeaseCommand): Promise<boolean> {
    return this.whenUp(() => this.parts.store.downgrade(command));
  }

  replicate(command: LeaseCommand, min: number, timeoutMs: number): Promise<number> {
    return this.whenUp(() => this.parts.store.replicate(command, min, timeoutMs));
  }

  forceRelease(key: string): Promise<boolean> {
    return this.whenUp(() => this.parts.store.forceRelease(key));
  }

  inspect(key: string): Promise<StoredLock> {
    return this.whenUp(() => this.parts.store.inspect(key));
  }

  async *keys(pattern: string): AsyncIterable<string> {
    yield* await this.whenUp(async () => this.parts.store.keys(pattern));
  }

  describe(change: ProcessCardChange): Promise<void> {
    return this.whenUp(() => this.parts.store.describe(change));
  }

  readCard(process: string, key: string): Promise<ProcessCard | undefined> {
    return this.whenUp(() => this.parts.store.readCard(process, key));
  }

  /** Without a detour while the server is up: locks behave as on the memory store itself, to the microtask. */
  private whenUp<T>(run: () => Promise<T>): Promise<T> {
    const { outage, timers, commandTimeout } = this.parts;
    return outage.isDown ? outage.pass(timers, commandTimeout).then(run) : run();
  }
}
