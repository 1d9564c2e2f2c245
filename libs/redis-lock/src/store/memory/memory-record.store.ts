import type { Attempt, BeginCommand, BeginReply, Outcome, RecordName, RecordStore, StoredRecord } from '../record-store.interface.js';
import type { MemoryRecordServer } from './memory-record-server.js';

/** Records inside one process, with the same leases, attempts and retention as on Redis: for unit tests and first steps. */
export class MemoryRecordStore implements RecordStore {
  readonly description = 'memory (one process only)';

  constructor(
    private readonly server: MemoryRecordServer,
    private readonly commandTimeout: number,
  ) {}

  async open(): Promise<void> {
    // Always there.
  }

  async close(): Promise<void> {
    // The records are the server's, which others may share.
  }

  async begin(command: BeginCommand): Promise<BeginReply> {
    const reply = this.server.begin({ ...command, deadline: command.sent.monotonic + this.commandTimeout });
    return reply.status === 'stale' || reply.status === 'cancelled' ? { status: 'void' } : reply;
  }

  async finish(attempt: Attempt, outcome: Outcome): Promise<boolean> {
    return this.server.finish(attempt, outcome);
  }

  async fail({ name, token }: Attempt): Promise<boolean> {
    return this.server.fail(name, token);
  }

  async renew(attempt: Attempt): Promise<boolean> {
    return this.server.renew(attempt);
  }

  async cancel(name: RecordName, token: Buffer): Promise<void> {
    this.server.cancel(name, token, 2 * this.commandTimeout);
  }

  async inspect(name: RecordName): Promise<StoredRecord | undefined> {
    return this.server.inspect(name);
  }

  async purge(what: RecordName | { readonly scope: string }): Promise<number> {
    return this.server.purge(what);
  }
}
