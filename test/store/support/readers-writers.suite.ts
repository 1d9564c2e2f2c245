import { ALONE, GRACE_MS, LEASE_MS, READING, SharedKey } from './shared-key.js';
import { LIVE_MS, type StoreProcess, type StoreStage } from './store-stage.js';

/** Readers and writers in turn: after a writer all readers in line, after readers one writer. */
export function describeReadersAndWriters(stage: () => StoreStage): void {
  let lock: SharedKey;
  let processes: [StoreProcess, StoreProcess, StoreProcess, StoreProcess];

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    processes = [await stage().connect(), await stage().connect(), await stage().connect(), await stage().connect()];
  });

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
    expect(await lock.told(writer)).toEqual([]);
    await lock.release(`${first.token}/1`, READING);
    expect(await lock.told(writer)).toMatchObject([{ token: waiting.token, others: true }]);
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
    const [[forOne, ...moreForOne], [forOther, ...moreForOther]] = [await lock.told(one), await lock.told(other)];
    expect(forOne).toMatchObject({ kind: 'read', token: first.token, shares: 3 });
    expect(forOther).toMatchObject({ kind: 'read', token: second.token, shares: 1 });
    expect(forOther?.fence).toBeGreaterThanOrEqual((forOne?.fence ?? NaN) + 3);
    expect([...moreForOne, ...moreForOther, ...(await lock.told(writer))]).toEqual([]);
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
    expect(await lock.told(one)).toMatchObject([{ kind: 'read', token: first.token, shares: 2 }]);
    expect(await lock.told(other)).toMatchObject([{ kind: 'read', token: second.token, shares: 1 }]);
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

  it('who was passed over still counts as one of those who wait', async () => {
    const [holder, writer] = processes;
    const { token } = await lock.take(holder, ALONE);
    await lock.standDead(ALONE);
    const queued = await lock.stand(writer, ALONE);
    await lock.release(token, ALONE);
    expect(await lock.told(writer)).toMatchObject([{ token: queued.token, others: true }]);
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
}
