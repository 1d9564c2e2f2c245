import { randomBytes } from 'node:crypto';
import type { Attempt, BeginCommand, BeginReply, RecordStore } from '../../../libs/redis-lock/src/store/record-store.interface.js';
import { command, OTHER_FINGERPRINT, RECORD_TIMEOUT, started, STOCK, type RecordStage } from './record-stage.js';

const DONE = { state: 'done', reply: Buffer.from('first') } as const;

/** What an attempt may do with its record, and what becomes of it when it may not: only the token counts. */
export function describeAttempts(stage: () => RecordStage): void {
  let one: RecordStore;
  let other: RecordStore;

  beforeEach(async () => {
    one = await stage().connect();
    other = await stage().connect();
  });

  function begin(given: Partial<BeginCommand> = {}): Promise<BeginReply> {
    return other.begin(command(stage(), given));
  }

  function start(given: Partial<BeginCommand> = {}, store = one): Promise<Attempt> {
    return started(store, command(stage(), given));
  }

  /** A second attempt, after the first one's lease has ended. */
  async function takeOver(): Promise<{ first: Attempt; second: Attempt }> {
    const first = await start({ leaseMs: 20 });
    await stage().pass(21);
    return { first, second: await start({}, other) };
  }

  describe('whose lease has ended', () => {
    it('is taken over by the next one, who gets the next number', async () => {
      const { second } = await takeOver();
      expect(second.attempt).toBe(2);
      expect((await begin()).status).toBe('running');
    });

    it('can do nothing any more', async () => {
      const { first, second } = await takeOver();
      expect(await one.finish(first, DONE)).toBe(false);
      expect(await one.fail(first)).toBe(false);
      expect(await one.renew(first)).toBe(false);
      await one.cancel(first.name, first.token);
      expect(await other.renew(second)).toBe(true);
      expect(await other.finish(second, { state: 'done', reply: Buffer.from('second') })).toBe(true);
      expect(await one.finish(first, DONE)).toBe(false);
      expect(await begin()).toEqual({ status: 'done', reply: Buffer.from('second') });
    });

    it('may still do everything while nobody took over', async () => {
      const attempt = await start({ leaseMs: 20 });
      await stage().pass(21);
      expect(await one.renew(attempt)).toBe(true);
      await stage().pass(21);
      expect(await one.finish(attempt, DONE)).toBe(true);
      expect((await begin()).status).toBe('done');
    });

    it('stays where it is not to be taken over, and nobody knows how it ended', async () => {
      await start({ leaseMs: 20 });
      await stage().pass(21);
      expect(await begin({ takeOver: false })).toEqual({ status: 'unknown' });
      expect(await begin({ takeOver: false })).toEqual({ status: 'unknown' });
      expect(await begin()).toEqual({ status: 'started', attempt: 2 });
    });

    it('is taken over by one only', async () => {
      await start({ leaseMs: 20 });
      await stage().pass(21);
      const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).begin(command(stage()))));
      expect(replies.filter(({ status }) => status === 'started')).toEqual([{ status: 'started', attempt: 2 }]);
      expect(replies.filter(({ status }) => status === 'running')).toHaveLength(19);
    });
  });

  describe('renew', () => {
    it('starts the lease and the retention anew', async () => {
      const attempt = await start({ leaseMs: 400, retentionMs: 600 });
      for (let i = 0; i < 3; i++) {
        await stage().pass(300);
        expect(await one.renew(attempt)).toBe(true);
      }
      expect((await one.inspect(STOCK))?.leftMs).toBeGreaterThan(300);
      expect((await one.inspect(STOCK))?.ageMs).toBeLessThan(300);
      expect((await begin()).status).toBe('running');
    });

    it('is for the attempt only, and while it runs', async () => {
      const attempt = await start();
      expect(await one.renew({ ...attempt, token: randomBytes(16) })).toBe(false);
      expect(await one.renew({ ...attempt, name: { ...STOCK, operation: 'orders' } })).toBe(false);
      await one.finish(attempt, DONE);
      expect(await one.renew(attempt)).toBe(false);
    });
  });

  describe('finish', () => {
    it('is for the attempt only', async () => {
      const attempt = await start();
      expect(await other.finish({ ...attempt, token: randomBytes(16) }, DONE)).toBe(false);
      expect(await one.finish({ ...attempt, name: { ...STOCK, operation: 'orders' } }, DONE)).toBe(false);
      expect((await begin()).status).toBe('running');
    });

    it('may be repeated', async () => {
      const attempt = await start();
      for (let i = 0; i < 3; i++) expect(await one.finish(attempt, DONE)).toBe(true);
      expect(await begin()).toEqual({ status: 'done', reply: DONE.reply });
    });

    it('stores nothing where there is no record any more', async () => {
      const attempt = await start({ retentionMs: 20 });
      await stage().pass(21);
      expect(await one.finish(attempt, DONE)).toBe(false);
      expect(await one.inspect(STOCK)).toBeUndefined();
    });
  });

  describe('fail', () => {
    it('lets a first attempt leave nothing behind, and binds nobody', async () => {
      const attempt = await start();
      expect(await one.fail(attempt)).toBe(true);
      expect(await one.inspect(STOCK)).toBeUndefined();
      expect(await one.finish(attempt, DONE)).toBe(false);
      expect(await begin({ fingerprint: OTHER_FINGERPRINT })).toEqual({ status: 'started', attempt: 1 });
    });

    it('lets a later one keep its number, so that none is given twice, and binds nobody either', async () => {
      const { second } = await takeOver();
      expect(await other.fail(second)).toBe(true);
      expect(await one.inspect(STOCK)).toMatchObject({ state: 'free', attempt: 2 });
      expect(await other.fail(second)).toBe(true);
      expect(await other.finish(second, DONE)).toBe(false);
      expect(await other.renew(second)).toBe(false);

      const third = await start({ fingerprint: OTHER_FINGERPRINT });
      expect(third.attempt).toBe(3);
      expect(await begin()).toEqual({ status: 'mismatch' });
      expect(await one.finish(third, DONE)).toBe(true);
      expect(await begin({ fingerprint: OTHER_FINGERPRINT })).toEqual({ status: 'done', reply: DONE.reply });
    });

    it('is for the attempt only, and never undoes what is done', async () => {
      const attempt = await start();
      expect(await other.fail({ ...attempt, token: randomBytes(16) })).toBe(false);
      expect((await begin()).status).toBe('running');
      await one.finish(attempt, DONE);
      expect(await one.fail(attempt)).toBe(false);
      expect((await begin()).status).toBe('done');
    });
  });

  describe('cancel', () => {
    it('takes back an attempt that has begun, and others may begin at once', async () => {
      const begun = command(stage());
      await started(one, begun);
      await other.cancel(STOCK, begun.token);
      expect(await one.inspect(STOCK)).toBeUndefined();
      expect(await begin()).toEqual({ status: 'started', attempt: 1 });
      await other.cancel(STOCK, begun.token);
      expect((await begin()).status).toBe('running');
    });

    it('lets one that arrives later do nothing, whatever else was cancelled', async () => {
      const commands = [command(stage()), command(stage()), command(stage())];
      for (const { token } of commands) await one.cancel(STOCK, token);
      for (const begun of commands) {
        expect(await stage().arrive(begun, 1_000)).toBe('cancelled');
        expect(await other.begin({ ...begun, sent: stage().now() })).toEqual({ status: 'void' });
      }
      expect(await one.inspect(STOCK)).toBeUndefined();
      expect((await begin()).status).toBe('started');
    });

    it('concerns one record only', async () => {
      const begun = command(stage());
      await one.cancel({ ...STOCK, operation: 'orders' }, begun.token);
      expect(await stage().arrive(begun, 1_000)).toBe('started');
    });

    it('is forgotten long after the deadline of the attempt', async () => {
      const begun = command(stage());
      await one.cancel(STOCK, begun.token);
      await stage().pass(2 * RECORD_TIMEOUT + 1);
      expect(await stage().arrive(begun, 1_000)).toBe('started');
    });

    it('of a later attempt keeps its number', async () => {
      const { second } = await takeOver();
      await one.cancel(STOCK, second.token);
      expect(await one.inspect(STOCK)).toMatchObject({ state: 'free', attempt: 2 });
      expect(await begin()).toEqual({ status: 'started', attempt: 3 });
    });

    it('leaves what is done, or another one runs', async () => {
      const attempt = await start();
      await one.cancel(STOCK, randomBytes(16));
      expect((await begin()).status).toBe('running');
      await one.finish(attempt, DONE);
      await one.cancel(STOCK, attempt.token);
      expect((await begin()).status).toBe('done');
    });
  });
}
