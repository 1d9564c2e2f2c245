import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey, nextOf, permitOf } from './shared-key.js';
import { LIVE_MS, type StoreProcess, type StoreStage } from './store-stage.js';

/** Lines of those who share: readers and writers in turn, permits in the order of their coming, releases that put a token in line. */
export function describeSharesQueue(stage: () => StoreStage): void {
  let lock: SharedKey;
  let processes: [StoreProcess, StoreProcess, StoreProcess, StoreProcess];

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    processes = [await stage().connect(), await stage().connect(), await stage().connect(), await stage().connect()];
  });

  /** What a process was told of the lock, when it has heard everything. */
  async function told(process: StoreProcess): Promise<StoreProcess['granted']> {
    await lock.heard(process);
    return process.granted.filter(({ key }) => key === lock.key);
  }

  describe('readers and writers', () => {
    it('a reader stands behind a writer that waits, and does not join those who read', async () => {
      const [reader, writer, late] = processes;
      const { token } = await lock.take(reader, READING);
      const waiting = await lock.stand(writer, ALONE);
      expect(waiting.isHead).toBe(true);
      expect((await lock.ask(late, READING)).status).toBe('busy');
      expect((await lock.ask(reader, READING)).status).toBe('busy');
      expect(await lock.stand(late, READING)).toMatchObject({ isHead: true });
      expect((await lock.stored()).waiting).toEqual([writer.name, late.name]);
      expect(await lock.holders()).toEqual([token]);
    });

    it('the last reader that leaves hands the lock to the next writer, and no one before', async () => {
      const [one, other, writer, late] = processes;
      const [first, second] = [await lock.take(one, READING, { count: 2 }), await lock.take(other, READING)];
      const waiting = await lock.stand(writer, ALONE);
      await lock.stand(late, READING);
      for (const token of [first.token, second.token]) await lock.release(token, READING);
      expect(await lock.holders()).toEqual([`${first.token}/1`]);
      expect(await told(writer)).toEqual([]);
      await lock.release(`${first.token}/1`, READING);
      expect(await told(writer)).toMatchObject([{ token: waiting.token, others: true }]);
      expect(await lock.stored()).toMatchObject({ owner: waiting.token, sharing: undefined, shares: [], waiting: [late.name] });
      expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS);
    });

    it('a writer that leaves lets in all readers of all processes, each told once, also where a writer came before them', async () => {
      const [holder, writer, one, other] = processes;
      const { token } = await lock.take(holder, ALONE);
      const next = await lock.stand(writer, ALONE);
      const [first, second] = [await lock.stand(one, READING, { count: 3 }), await lock.stand(other, READING)];
      expect([first.isHead, second.isHead]).toEqual([true, false]);
      await lock.release(token, ALONE);
      const [[forOne, ...moreForOne], [forOther, ...moreForOther]] = [await told(one), await told(other)];
      expect(forOne).toMatchObject({ kind: 'read', token: first.token, shares: 3 });
      expect(forOther).toMatchObject({ kind: 'read', token: second.token, shares: 1 });
      expect(forOther?.fence).toBeGreaterThanOrEqual((forOne?.fence ?? NaN) + 3);
      expect([...moreForOne, ...moreForOther, ...(await told(writer))]).toEqual([]);
      expect(await lock.holders()).toEqual([first.token, `${first.token}/1`, `${first.token}/2`, second.token].sort());
      expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS);
      expect((await lock.stored()).waiting).toEqual([writer.name]);
      for (const share of await lock.holders()) await lock.release(share, READING);
      expect(await lock.holders()).toEqual([next.token]);
    });

    it('readers and writers alternate, however many of each there are', async () => {
      const [one, other, reader, rival] = processes;
      let { token } = await lock.take(one, ALONE);
      for (let round = 0; round < 3; round++) {
        const writer = await lock.stand(round % 2 === 0 ? other : one, ALONE);
        const queued = [await lock.stand(reader, READING, { count: 2 }), await lock.stand(rival, READING)];
        await lock.release(token, ALONE);
        expect(await lock.holders()).toEqual([...queued.map((entry) => entry.token), `${queued[0]?.token ?? ''}/1`].sort());
        expect((await lock.ask(reader, READING)).status).toBe('busy');
        for (const share of await lock.holders()) await lock.release(share, READING);
        ({ token } = writer);
        expect(await lock.holders()).toEqual([token]);
      }
    });

    it.each(['leave', 'cancel'] as const)('%s of the writer they wait for lets readers in at once', async (end) => {
      const [reader, writer, one, other] = processes;
      const { token } = await lock.take(reader, READING);
      const waiting = await lock.stand(writer, ALONE);
      const [first, second] = [await lock.stand(one, READING, { count: 2 }), await lock.stand(other, READING)];
      await lock[end](waiting.token, ALONE);
      expect(await told(one)).toMatchObject([{ kind: 'read', token: first.token, shares: 2 }]);
      expect(await told(other)).toMatchObject([{ kind: 'read', token: second.token, shares: 1 }]);
      expect(await lock.holders()).toEqual([token, first.token, `${first.token}/1`, second.token].sort());
      await lock.take(writer, READING);
    });

    it('one of two writers that leaves lets nobody in', async () => {
      const [reader, writer, rival, late] = processes;
      const { token } = await lock.take(reader, READING);
      const [first] = [await lock.stand(writer, ALONE), await lock.stand(rival, ALONE), await lock.stand(late, READING)];
      await lock.leave(first.token, ALONE);
      expect(await lock.holders()).toEqual([token]);
    });

    it('a reader whose message reaches nobody is passed over, and the others read', async () => {
      const [holder, writer, reader] = processes;
      const { token } = await lock.take(holder, ALONE);
      await lock.standDead(READING);
      const queued = await lock.stand(reader, READING);
      const next = await lock.stand(writer, ALONE);
      await lock.release(token, ALONE);
      expect(await lock.holders()).toEqual([queued.token]);
      expect(await lock.left()).toBeLessThanOrEqual(GRACE_MS);
      await lock.release(queued.token, READING);
      expect(await lock.holders()).toEqual([next.token]);
    });

    it('where all readers in line are dead, the next writer gets it, and the other way round', async () => {
      const [holder, writer, reader] = processes;
      const { token } = await lock.take(holder, ALONE);
      await lock.standDead(READING);
      const next = await lock.stand(writer, ALONE);
      await lock.release(token, ALONE);
      expect(await lock.holders()).toEqual([next.token]);

      const queued = await lock.stand(reader, READING);
      await lock.release(next.token, ALONE);
      await lock.standDead(ALONE);
      const again = await lock.stand(writer, READING);
      await lock.release(queued.token, READING);
      expect(await lock.holders()).toEqual([again.token]);
    });

    it('nobody waits for a writer that was not heard of for a while', async () => {
      const [reader, late, , other] = processes;
      const { token } = await lock.take(reader, READING);
      await lock.standDead(ALONE, 'unsubscribed');
      expect((await lock.ask(late, READING)).status).toBe('busy');
      await stage().pass(LIVE_MS + 1);
      const joined = await lock.take(late, READING);
      const queued = await lock.ask(other, READING, {}, true);
      expect(queued.status).toBe('granted');
      expect(await lock.holders()).toHaveLength(3);
      for (const share of [token, joined.token]) expect((await lock.release(share, READING)).released).toBe(true);
    });

    it.each(['reader', 'writer'] as const)('of a lock that lapsed, the %s that came first gets the next turn', async (first) => {
      const [holder, one, other] = processes;
      await lock.take(holder, ALONE, { leaseMs: 150 });
      const order = first === 'reader' ? ([READING, ALONE] as const) : ([ALONE, READING] as const);
      const queued = [await lock.stand(one, order[0]), await lock.stand(other, order[1])];
      await stage().pass(151);
      expect(await lock.beat(other, order[1], queued[1]?.token ?? '')).toMatchObject({ status: 'queued' });
      expect(await lock.holders()).toEqual([queued[0]?.token]);
    });

    it('the first reader that waits announces itself to the process that holds the lock, its own included', async () => {
      const [holder, reader, other] = processes;
      await lock.take(holder, ALONE);
      await lock.stand(holder, READING);
      await lock.stand(reader, READING);
      await lock.heard(holder);
      expect(holder.others).toEqual(['stock']);
      expect([...reader.others, ...other.others]).toEqual([]);
      expect(
        await holder.store.confirm({ key: 'stock', token: (await lock.holders())[0] ?? '', leaseMs: LEASE_MS, reserve: 1 }),
      ).toMatchObject({
        others: true,
      });
    });
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
      expect((await lock.stored()).waiting).toEqual([waiters[2]?.name]);
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
      expect(await told(holder)).toEqual([]);
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
