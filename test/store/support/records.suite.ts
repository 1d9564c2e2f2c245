import type { Attempt, BeginCommand, BeginReply, RecordStore } from '../../../libs/redis-lock/src/store/record-store.interface.js';
import { command, FINGERPRINT, OTHER_FINGERPRINT, started, STOCK, type RecordStage } from './record-stage.js';

const REPLY = Buffer.from('{"id":7}');

/** What a record answers, in each of its states, and what is known of it. */
export function describeRecords(stage: () => RecordStage): void {
  let one: RecordStore;
  let other: RecordStore;

  beforeEach(async () => {
    one = await stage().connect();
    other = await stage().connect();
  });

  function begin(given: Partial<BeginCommand> = {}): Promise<BeginReply> {
    return other.begin(command(stage(), given));
  }

  function start(given: Partial<BeginCommand> = {}): Promise<Attempt> {
    return started(one, command(stage(), given));
  }

  it('an operation that nobody knows is started, as attempt 1', async () => {
    expect(await begin()).toEqual({ status: 'started', attempt: 1 });
  });

  it('while it runs, everybody else is told so, the same process as well, and how long that may last', async () => {
    await start({ leaseMs: 5_000, retentionMs: 60_000 });
    for (const reply of [await begin(), await one.begin(command(stage()))]) {
      if (reply.status !== 'running') throw new Error(reply.status);
      expect(reply.leaseLeftMs).toBeGreaterThan(3_000);
      expect(reply.leaseLeftMs).toBeLessThanOrEqual(5_000);
      expect(reply.leftMs).toBeGreaterThan(58_000);
      expect(reply.leftMs).toBeLessThanOrEqual(60_000);
    }
  });

  it('what is done answers with its reply, byte for byte, as often as it is asked', async () => {
    const reply = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
    await one.finish(await start(), { state: 'done', reply });
    for (let i = 0; i < 3; i++) expect(await begin()).toEqual({ status: 'done', reply });
  });

  it('an empty reply is one, too', async () => {
    await one.finish(await start(), { state: 'done', reply: Buffer.alloc(0) });
    expect(await begin()).toEqual({ status: 'done', reply: Buffer.alloc(0) });
  });

  it('a reply is not changed by what becomes of the buffers afterwards', async () => {
    const reply = Buffer.from(REPLY);
    await one.finish(await start(), { state: 'done', reply });
    reply.fill(0);
    const first = await begin();
    if (first.status !== 'done') throw new Error(first.status);
    first.reply.fill(0);
    expect(await begin()).toEqual({ status: 'done', reply: REPLY });
  });

  it('what is done and cannot be replayed says so, with what was kept in place of the reply', async () => {
    await one.finish(await start(), { state: 'unreplayable', reply: REPLY });
    expect(await begin()).toEqual({ status: 'unreplayable', reply: REPLY });
  });

  it.each(['running', 'lapsed', 'done', 'unreplayable'] as const)('another fingerprint is a mismatch where it is %s', async (state) => {
    const attempt = await start({ leaseMs: state === 'lapsed' ? 20 : 60_000 });
    if (state === 'lapsed') await stage().pass(21);
    else if (state !== 'running') await one.finish(attempt, { state, reply: REPLY });
    expect(await begin({ fingerprint: OTHER_FINGERPRINT })).toEqual({ status: 'mismatch' });
    expect(await begin({ fingerprint: Buffer.concat([FINGERPRINT.subarray(0, 15), Buffer.from([0])]) })).toEqual({ status: 'mismatch' });
    expect((await one.inspect(STOCK))?.attempt).toBe(1);
  });

  it('each scope has operations of its own, and each operation a record', async () => {
    const names = [STOCK, { ...STOCK, scope: 'scope-2' }, { ...STOCK, operation: 'stock-2' }, { scope: 'stock', operation: 'scope-1' }];
    for (const name of names) expect(await begin({ name })).toEqual({ status: 'started', attempt: 1 });
  });

  it('is kept for its retention, counted from its last change', async () => {
    const attempt = await start({ retentionMs: 600 });
    await stage().pass(350);
    expect(await one.finish(attempt, { state: 'done', reply: REPLY })).toBe(true);
    await stage().pass(350);
    expect((await begin()).status).toBe('done');
    await stage().pass(251);
    expect(await begin()).toEqual({ status: 'started', attempt: 1 });
  });

  it('an attempt that arrives after its deadline does nothing', async () => {
    const late = command(stage());
    expect(await stage().arrive(late, -1)).toBe('stale');
    expect(await one.inspect(STOCK)).toBeUndefined();
    expect(await stage().arrive(late, 1_000)).toBe('started');
    expect(await stage().arrive(late, -1)).toBe('stale');
    expect(await stage().arrive(command(stage()), 1_000)).toBe('running');
  });

  it('nor does one that was given long ago', async () => {
    const { monotonic, wall } = stage().now();
    expect(await begin({ sent: { monotonic: monotonic - 1_000, wall: wall - 1_000 } })).toEqual({ status: 'void' });
    expect(await one.inspect(STOCK)).toBeUndefined();
  });

  it('inspect tells its state, its attempt, its age and what is left', async () => {
    expect(await one.inspect(STOCK)).toBeUndefined();
    const attempt = await start({ leaseMs: 5_000, retentionMs: 60_000 });
    await stage().pass(20);
    const running = await other.inspect(STOCK);
    expect(running).toMatchObject({ state: 'running', attempt: 1, leaseMs: 5_000, replyBytes: 0 });
    expect(running?.ageMs).toBeGreaterThanOrEqual(19);
    expect(running?.ageMs).toBeLessThan(2_000);
    expect((running?.ageMs ?? 0) + (running?.leftMs ?? 0)).toBeCloseTo(60_000, 6);

    await one.finish(attempt, { state: 'done', reply: REPLY });
    expect(await other.inspect(STOCK)).toMatchObject({ state: 'done', attempt: 1, replyBytes: REPLY.length });
    await one.finish(attempt, { state: 'unreplayable', reply: Buffer.alloc(0) });
    expect(await other.inspect(STOCK)).toMatchObject({ state: 'unreplayable', attempt: 1, replyBytes: 0 });
  });

  describe('purge', () => {
    it('forgets one record, done or running, and says whether there was one', async () => {
      expect(await one.purge(STOCK)).toBe(0);
      const attempt = await start();
      expect(await other.purge(STOCK)).toBe(1);
      expect(await one.finish(attempt, { state: 'done', reply: REPLY })).toBe(false);
      await one.finish(await start(), { state: 'done', reply: REPLY });
      expect(await other.purge(STOCK)).toBe(1);
      expect(await begin()).toEqual({ status: 'started', attempt: 1 });
    });

    it('forgets all of a scope, and nothing of another', async () => {
      const operations = Array.from({ length: 250 }, (_, i) => `operation-${String(i)}`);
      await Promise.all(operations.map((operation) => start({ name: { scope: 'mine', operation } })));
      const others = ['min', 'mine2', 'Mine', 'yours'].map((scope) => ({ scope, operation: 'mine' }));
      for (const name of others) await start({ name });

      expect(await other.purge({ scope: 'mine' })).toBe(operations.length);
      expect(await other.purge({ scope: 'mine' })).toBe(0);
      for (const name of others) expect(await one.inspect(name)).toBeDefined();
      expect(await begin({ name: { scope: 'mine', operation: 'operation-7' } })).toEqual({ status: 'started', attempt: 1 });
    });

    it('does not count what has lapsed', async () => {
      await start({ retentionMs: 20 });
      await stage().pass(21);
      expect(await one.purge(STOCK)).toBe(0);
      expect(await one.purge({ scope: STOCK.scope })).toBe(0);
    });
  });
}
