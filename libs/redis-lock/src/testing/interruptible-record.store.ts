import type { Timers } from '../runtime/clock.js';
import type { Attempt, BeginCommand, BeginReply, Outcome, RecordName, RecordStore, StoredRecord } from '../store/record-store.interface.js';
import type { Outage } from './outage.js';

/** What an interruptible store of records is made with. */
export interface InterruptibleRecordStoreParts {
  readonly store: RecordStore;
  readonly outage: Outage;
  readonly timers: Timers;
  /** How long a command to a silent server takes to fail, in ms. */
  readonly commandTimeout: number;
}

/** A store of records that can be out of reach: then no command gets there. */
export class InterruptibleRecordStore implements RecordStore {
  readonly description = 'testing server (one process only)';

  constructor(private readonly parts: InterruptibleRecordStoreParts) {}

  open(): Promise<void> {
    return this.whenUp(() => this.parts.store.open());
  }

  close(): Promise<void> {
    return this.parts.store.close();
  }

  begin(command: BeginCommand): Promise<BeginReply> {
    return this.whenUp(() => this.parts.store.begin(command));
  }

  finish(attempt: Attempt, outcome: Outcome): Promise<boolean> {
    return this.whenUp(() => this.parts.store.finish(attempt, outcome));
  }

  fail(attempt: Attempt): Promise<boolean> {
    return this.whenUp(() => this.parts.store.fail(attempt));
  }

  renew(attempt: Attempt): Promise<boolean> {
    return this.whenUp(() => this.parts.store.renew(attempt));
  }

  cancel(name: RecordName, token: Buffer): Promise<void> {
    return this.whenUp(() => this.parts.store.cancel(name, token));
  }

  inspect(name: RecordName): Promise<StoredRecord | undefined> {
    return this.whenUp(() => this.parts.store.inspect(name));
  }

  purge(what: RecordName | { readonly scope: string }): Promise<number> {
    return this.whenUp(() => this.parts.store.purge(what));
  }

  private whenUp<T>(run: () => Promise<T>): Promise<T> {
    const { outage, timers, commandTimeout } = this.parts;
    return outage.isDown ? outage.pass(timers, commandTimeout).then(run) : run();
  }
}
