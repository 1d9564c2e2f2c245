import { LockStoreError } from 'nestjs-redis-lock';
import { InterruptibleRecordStore } from '../../libs/redis-lock/src/testing/interruptible-record.store.js';
import { Outage } from '../../libs/redis-lock/src/testing/outage.js';
import type { RecordStore } from '../../libs/redis-lock/src/store/record-store.interface.js';
import { MemoryRecordStage } from './support/memory-record-stage.js';
import { command, started, STOCK } from './support/record-stage.js';

const DONE = { state: 'done', reply: Buffer.from('{"id":7}') } as const;
let stage: MemoryRecordStage;

beforeEach(() => {
  stage = new MemoryRecordStage();
});

it('records that have lapsed take up no memory for long, though nobody asks for them again, also beside some that are kept', async () => {
  const store = await stage.connect();
  for (let i = 0; i < 1_000; i++) {
    const retentionMs = i % 10 === 0 ? 3_600_000 : 1_000;
    await started(store, command(stage, { name: { scope: 'many', operation: String(i) }, retentionMs }));
    await stage.pass(10);
  }
  // A tenth is kept, a hundred have not lapsed, and some have not been come upon.
  expect(stage.server.size).toBeLessThan(500);
  expect(stage.server.size).toBeGreaterThanOrEqual(190);
});

describe('an outage', () => {
  let outage: Outage;
  let store: RecordStore;

  beforeEach(async () => {
    outage = new Outage();
    store = new InterruptibleRecordStore({ store: await stage.connect(), outage, timers: stage.clock, commandTimeout: 400 });
  });

  it('refuses everything at once, does nothing, and leaves what was there', async () => {
    const attempt = await started(store, command(stage));
    const other = { ...STOCK, operation: 'orders' };
    outage.begin('refuses');
    const works = [
      store.begin(command(stage, { name: other })),
      store.finish(attempt, DONE),
      store.fail(attempt),
      store.renew(attempt),
      store.cancel(STOCK, attempt.token),
      store.inspect(STOCK),
      store.purge(STOCK),
      store.open(),
    ];
    for (const { status, reason } of (await Promise.allSettled(works)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toBeInstanceOf(LockStoreError);
    }
    outage.end();
    expect(await store.inspect(other)).toBeUndefined();
    expect(await store.inspect(STOCK)).toMatchObject({ state: 'running' });
    expect(await store.finish(attempt, DONE)).toBe(true);
  });

  it('that is silent lets a command fail after its timeout, and never do anything later', async () => {
    outage.begin('silent');
    const outcome = expect(store.begin(command(stage))).rejects.toThrow('timed out');
    await stage.clock.advance(400);
    await outcome;
    outage.end();
    await stage.clock.advance('1m');
    expect(await store.inspect(STOCK)).toBeUndefined();
    expect((await store.begin(command(stage))).status).toBe('started');
  });
});
