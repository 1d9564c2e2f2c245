import { ManualClock } from 'nestjs-redis-lock/testing';
import type { Instant } from '../../../libs/redis-lock/src/runtime/clock.js';
import { MemoryRecordServer } from '../../../libs/redis-lock/src/store/memory/memory-record-server.js';
import { MemoryRecordStore } from '../../../libs/redis-lock/src/store/memory/memory-record.store.js';
import type { BeginCommand, RecordStore } from '../../../libs/redis-lock/src/store/record-store.interface.js';
import { RECORD_TIMEOUT, type BeginArrival, type RecordStage } from './record-stage.js';

/** The memory store of records, in time of its own. */
export class MemoryRecordStage implements RecordStage {
  readonly clock = new ManualClock();
  readonly server = new MemoryRecordServer(this.clock);

  async connect(): Promise<RecordStore> {
    const store = new MemoryRecordStore(this.server, RECORD_TIMEOUT);
    await store.open();
    return store;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(Math.ceil(ms));
  }

  async arrive(begin: BeginCommand, deadlineMs: number): Promise<BeginArrival> {
    return this.server.begin({ ...begin, deadline: this.server.now() + deadlineMs }).status;
  }

  now(): Instant {
    return this.clock.now();
  }

  async stop(): Promise<void> {
    // Nothing is left of it.
  }
}
