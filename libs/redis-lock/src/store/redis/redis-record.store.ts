import { LockStoreError } from '../../errors/lock-store.error.js';
import { RECORD_BEGIN, RECORD_CANCEL, RECORD_FAIL, RECORD_FINISH, RECORD_INSPECT, RECORD_RENEW } from '../../lua/scripts.generated.js';
import { atMost } from '../../runtime/at-most.js';
import type { Attempt, BeginCommand, BeginReply, Outcome, RecordName, RecordStore, StoredRecord } from '../record-store.interface.js';
import { BinaryScripts } from './binary-scripts.js';
import { KeySpace } from './key-space.js';
import { lockNames } from './lock-names.js';
import { packClaim, packHeader } from './record-header.js';
import { rehearseRecords } from './record-rehearsal.js';
import { isStale, readBegin, readInspection } from './record-replies.js';
import type { RedisLockStoreOptions } from './redis-lock.store.js';
import { RedisLink } from './redis-link.js';
import { isDone } from './script-replies.js';
import { checkServer } from './server-check.js';
import { ServerClocks } from './server-clocks.js';

/** What the Redis store of records is made with: the same as that of the locks. */
export type RedisRecordStoreOptions = RedisLockStoreOptions;

/** A client waits for an answer no longer than this, whatever commandTimeout is: the request is answered within half a second. */
const LONGEST_TIMEOUT_MS = 350;
/** How many records a purge takes away at once. */
const PURGE_BATCH = 100;
const VOID: BeginReply = { status: 'void' };

/** Records on one Redis primary, on what Sentinel calls the primary, or on a Cluster; over a connection of their own, since replies may be large. */
export class RedisRecordStore implements RecordStore {
  readonly description: string;
  private readonly timeout: number;
  private readonly names: KeySpace;
  private readonly link: RedisLink;
  private readonly scripts: BinaryScripts;
  private readonly clocks: ServerClocks;

  constructor(private readonly options: RedisRecordStoreOptions) {
    const { clients, keyPrefix, commandTimeout } = options;
    this.description = clients.description;
    this.timeout = Math.min(commandTimeout, LONGEST_TIMEOUT_MS);
    this.names = new KeySpace(clients.keyPrefix + keyPrefix, clients.clustered);
    const parts = { ...options, timeout: this.timeout };
    this.link = new RedisLink(clients.create(this.timeout), `Redis records (${clients.description})`, parts);
    this.scripts = new BinaryScripts(this.link, parts);
    this.clocks = new ServerClocks(this.link, options.clock);
  }

  async open(): Promise<void> {
    try {
      await this.link.connect();
      await this.clocks.start();
      checkServer({
        info: await this.link.use('INFO', (client) => client.info()),
        description: this.description,
        allowEviction: this.options.allowEviction,
      });
      await rehearseRecords({
        store: this,
        clock: this.options.clock,
        retentionMs: 2 * this.timeout,
        sweep: (name) => this.link.use('del', (client) => client.del(this.names.companion(this.names.record(name)))),
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.link.close();
  }

  begin(command: BeginCommand): Promise<BeginReply> {
    return this.attempt(command, command.sent.monotonic, () => this.attemptAgain(command));
  }

  finish(attempt: Attempt, { state, reply }: Outcome): Promise<boolean> {
    const given = {
      keys: [this.names.record(attempt.name)],
      texts: [attempt.retentionMs],
      bytes: [packHeader(attempt, state), reply],
    };
    return this.scripts.run(RECORD_FINISH, this.now(), given, isDone);
  }

  fail({ name, token }: Attempt): Promise<boolean> {
    return this.scripts.run(RECORD_FAIL, this.now(), { keys: [this.names.record(name)], texts: [], bytes: [token] }, isDone);
  }

  renew({ name, token, retentionMs }: Attempt): Promise<boolean> {
    return this.scripts.run(RECORD_RENEW, this.now(), { keys: [this.names.record(name)], texts: [retentionMs], bytes: [token] }, isDone);
  }

  async cancel(name: RecordName, token: Buffer): Promise<void> {
    const record = this.names.record(name);
    // The attempt was sent before this, so its deadline lies before now + timeout; as much again for errors of the estimate.
    const given = { keys: [record, this.names.companion(record)], texts: [2 * this.timeout], bytes: [token] };
    await this.scripts.run(RECORD_CANCEL, this.now(), given, isDone);
  }

  inspect(name: RecordName): Promise<StoredRecord | undefined> {
    return this.link.run(RECORD_INSPECT, 1, [this.names.record(name)], readInspection);
  }

  async purge(what: RecordName | { readonly scope: string }): Promise<number> {
    if ('operation' in what) return this.unlink([this.names.record(what)]);
    let count = 0;
    let batch: string[] = [];
    for await (const name of lockNames(this.link, this.names.recordPattern(what.scope))) {
      batch.push(name);
      if (batch.length < PURGE_BATCH) continue;
      count += await this.unlink(batch);
      batch = [];
    }
    return count + (await this.unlink(batch));
  }

  /** STALE is a clear answer, and it brought the server's time: the same attempt once more, in what is left of its time. */
  private async attemptAgain(command: BeginCommand): Promise<BeginReply> {
    const now = this.now();
    const leftMs = command.sent.monotonic + this.timeout - now;
    if (leftMs <= 0) return VOID;
    const reply = await atMost(
      this.options.timers,
      leftMs,
      this.attempt(command, now, () => VOID),
    );
    if (reply !== undefined) return reply;
    throw new LockStoreError(`${this.link.description} failed at record-begin: two answers took longer than ${String(this.timeout)} ms.`);
  }

  private attempt(command: BeginCommand, sent: number, whenStale: () => BeginReply | Promise<BeginReply>): Promise<BeginReply> {
    const record = this.names.record(command.name);
    const clock = this.clocks.of(record);
    const given = {
      keys: [record, this.names.companion(record)],
      texts: [command.retentionMs, clock.deadline(sent, this.timeout), command.takeOver ? 1 : 0],
      bytes: [packClaim(command)],
    };
    return this.scripts.run(RECORD_BEGIN, sent, given, (reply) => {
      // The shape is record-begin.lua's.
      const answer = reply as [number, number, ...unknown[]];
      clock.observe(answer[1], sent, this.now());
      return isStale(answer) ? whenStale() : readBegin(answer);
    });
  }

  /** One command per record: in a Cluster each has its own slot. @returns how many there were */
  private async unlink(records: readonly string[]): Promise<number> {
    const counts = await Promise.all(records.map((record) => this.link.use('unlink', (client) => client.unlink(record))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private now(): number {
    return this.options.clock.now().monotonic;
  }
}
