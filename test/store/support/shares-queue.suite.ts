import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, nextOf, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

/** Permits in the order of their coming, and releases of shares that put a token in line. */
export function describeSharesQueue(stage: () => StoreStage): void {
  let lock: SharedKey;
  let processes: [StoreProcess, StoreProcess, StoreProcess, StoreProcess];

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    processes = [await stage().connect(), await stage().connect(), await stage().connect(), await stage().connect()];
  });

  describe('permits', () => {
    const limit = permitOf(2);

    it('go to the processes in line in the order of their coming, one each', async () => {
      const [holder, ...waiters] = processes;
      const { token } = await lock.take(holder, limit, { count: 2 });
      const queued = [];
      for (const waiter of waiters) queued.push((await lock.stand(waiter, limit)).token);
      expect((await lock.ask(holder, limit)).status).toBe('busy');
      await lock.release(token, limit);
      expect(await lock.holders()).toEqual([`${token}/1`, queued[0]].sort());
      await lock.release(`${token}/1`, limit);
      expect(await lock.holders()).toEqual([queued[0], queued[1]].sort());
      for (const [i, waiter] of waiters.entries()) {
        const told = { key: 'stock', kind: 'permit', token: queued[i], shares: 1 };
        await lock.heard(waiter);
        expect(waiter.granted).toMatchObject(i < 2 ? [told] : []);
      }
    });

    it('go to several at once where several come free', async () => {
      const [holder, ...waiters] = processes;
      const { token } = await lock.take(holder, limit, { count: 2 });
      const queued = [];
      for (const waiter of waiters) queued.push((await lock.stand(waiter, limit)).token);
      await lock.cancel(token, limit);
      expect(await lock.holders()).toEqual([queued[0], queued[1]].sort());
      expect((await lock.stored()).waiting).toEqual([waiters[2].name]);
    });

    it('that lapsed are not taken from who waits for them', async () => {
      const [holder, waiter, rival] = processes;
      await lock.take(holder, limit, { leaseMs: 150 });
      const { token } = await lock.take(holder, limit);
      const queued = await lock.stand(waiter, limit);
      await stage().pass(151);
      expect((await lock.ask(rival, limit)).status).toBe('busy');
      expect(await lock.holders()).toEqual([token, queued.token].sort());
    });

    it('are not lost on a process that has ended', async () => {
      const [holder, waiter, rival] = processes;
      const { token } = await lock.take(holder, limit, { count: 2 });
      await lock.standDead(limit);
      const queued = [await lock.stand(waiter, limit), await lock.stand(rival, limit)].map((entry) => entry.token);
      for (const share of [token, `${token}/1`]) await lock.release(share, limit);
      expect(await lock.holders()).toEqual([...queued].sort());
      for (const share of queued) await lock.release(share, limit);
      expect(await lock.stored()).toMatchObject({ sharing: undefined, leaseLeftMs: undefined });
    });
  });

  describe('a release with a token to queue', () => {
    it.each([
      ['readers', READING, 3],
      ['permits', permitOf(1), 1],
    ] as const)('%s: is granted it in the reply, with the whole lease, where nobody else waits', async (_name, sharing, count) => {
      const [holder] = processes;
      const { token } = await lock.take(holder, sharing);
      const mine = holder.token();
      const reply = await lock.release(token, sharing, nextOf(mine, count));
      expect(reply).toMatchObject({ released: true, next: { status: 'granted', token: mine, shares: count, others: false } });
      expect(await lock.holders()).toHaveLength(count);
      expect(await lock.leftOf(mine)).toBeGreaterThan(GRACE_MS);
      expect(await lock.told(holder)).toEqual([]);
    });

    it('a reader stands behind the writers that wait, a permit behind the permits', async () => {
      const [holder, waiter] = processes;
      for (const [key, sharing, others] of [
        ['read', READING, ALONE],
        ['limited', permitOf(1), permitOf(1)],
      ] as const) {
        const own = await SharedKey.open(stage(), key);
        const { token } = await own.take(holder, sharing);
        const queued = await own.stand(waiter, others);
        const mine = holder.token();
        expect(await own.release(token, sharing, nextOf(mine))).toMatchObject({
          released: true,
          next: { status: 'queued', token: mine, isHead: true },
        });
        expect(await own.holders()).toEqual([queued.token]);
        await own.release(queued.token, others);
        expect(await own.holders()).toEqual([mine]);
      }
    });

    it('goes on to read beside others who do, unless a writer waits', async () => {
      const [holder, reader, writer] = processes;
      const still = await lock.take(reader, READING);
      const { token } = await lock.take(holder, READING);
      const mine = holder.token();
      expect(await lock.release(token, READING, nextOf(mine))).toMatchObject({ next: { status: 'granted', token: mine } });
      await lock.stand(writer, ALONE);
      const again = holder.token();
      expect(await lock.release(mine, READING, nextOf(again))).toMatchObject({ released: true, next: { status: 'queued', token: again } });
      expect(await lock.holders()).toEqual([still.token]);
    });

    it('puts nothing in line where the token is late or cancelled, or the share was not the process’s', async () => {
      const [holder, waiter] = processes;
      const { token } = await lock.take(holder, permitOf(1));
      const queued = await lock.stand(waiter, permitOf(1));
      const [mine, cancelled] = [holder.token(), holder.token()];
      expect(await lock.release(mine, permitOf(1), nextOf(holder.token()))).toEqual({ released: false, next: undefined });
      const late = { key: 'stock', of: token, token: mine, leaseMs: LEASE_MS, deadlineMs: -1, sharing: permitOf(1) };
      expect(await stage().arriveRelease(late)).toEqual({ released: true, next: undefined });
      expect(await lock.holders()).toEqual([queued.token]);
      await lock.cancel(cancelled, permitOf(1));
      expect(await lock.release(queued.token, permitOf(1), nextOf(cancelled))).toEqual({ released: true, next: undefined });
      expect(await lock.stored()).toMatchObject({ sharing: undefined, waiting: [] });
    });
  });
}
