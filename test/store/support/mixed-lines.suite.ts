import type { Sharing } from '../../../libs/redis-lock/src/store/sharing.js';
import { ALONE, READING, SharedKey, permitOf } from './shared-key.js';
import type { StoreProcess, StoreStage } from './store-stage.js';

/**
 * Kinds that do not go together, in one line all the same: they queued while the key was foreign, or anew after the server lost its data.
 * Each gets its turn when the lock is idle.
 */
export function describeMixedLines(stage: () => StoreStage): void {
  let lock: SharedKey;
  let token: string;
  let processes: StoreProcess[];

  beforeEach(async () => {
    lock = await SharedKey.open(stage());
    processes = [];
    for (let i = 0; i < 4; i++) processes.push(await stage().connect());
    ({ token } = await lock.take(await stage().connect(), ALONE));
  });

  /** Stands in line whatever the lock is used for. */
  async function reenter(at: number, sharing: Sharing | undefined): Promise<{ token: string; sharing: Sharing | undefined }> {
    const process = processes[at];
    if (process === undefined) throw new RangeError(String(at));
    const mine = process.token();
    await stage().pass(1);
    expect(await lock.beat(process, sharing, process.token(), { token: mine })).toMatchObject({ status: 'queued', token: mine });
    return { token: mine, sharing };
  }

  const TWO = permitOf(2);
  const LINES: Readonly<Record<string, { line: (Sharing | undefined)[]; turns: number[][] }>> = {
    'a permit, then a writer': { line: [TWO, ALONE], turns: [[0], [1]] },
    'a writer, then a permit': { line: [ALONE, TWO], turns: [[0], [1]] },
    'permits around a writer': { line: [TWO, TWO, ALONE, TWO], turns: [[0, 1], [2], [3]] },
    'permits of several limits': { line: [TWO, permitOf(12), TWO, permitOf(12)], turns: [[0], [1], [2], [3]] },
    'readers go before permits, after whoever held it alone': { line: [TWO, READING, TWO], turns: [[1], [0, 2]] },
  };

  it.each(Object.entries(LINES))('%s', async (_name, { line, turns }) => {
    const queued: Awaited<ReturnType<typeof reenter>>[] = [];
    for (const [i, sharing] of line.entries()) queued.push(await reenter(i, sharing));
    await lock.release(token, ALONE);
    for (const turn of turns) {
      const entries = turn.map((i) => queued[i]).filter((entry) => entry !== undefined);
      expect(await lock.holders()).toEqual(entries.map((entry) => entry.token).sort());
      for (const entry of entries) await lock.release(entry.token, entry.sharing);
    }
    expect(await lock.holders()).toEqual([]);
  });

  it('permits are not given to others while another kind waits, and their heartbeats work', async () => {
    const [first, writer] = [await reenter(0, TWO), await reenter(1, ALONE)];
    await lock.release(token, ALONE);
    expect(await lock.holders()).toEqual([first.token]);
    const late = await stage().connect();
    expect((await lock.ask(late, TWO)).status).toBe('busy');
    const behind = await reenter(2, TWO);
    expect(await lock.beat(late, TWO, first.token)).toMatchObject({ status: 'granted', token: first.token });
    expect(await lock.holders()).toEqual([first.token]);
    await lock.leave(writer.token, ALONE);
    expect(await lock.holders()).toEqual([first.token, behind.token].sort());
  });

  it('a process that has ended keeps nobody of another kind waiting', async () => {
    const dead = `dead${'d'.repeat(8)}`;
    const place = { key: 'stock', leaseMs: 5_000, deadlineMs: 1_000, sharing: TWO };
    expect(await stage().arriveHeartbeat({ ...place, current: `${dead}.${'x'.repeat(22)}`, token: `${dead}.${'y'.repeat(22)}` })).toBe(
      'queued',
    );
    const writer = await reenter(1, ALONE);
    await lock.release(token, ALONE);
    expect(await lock.holders()).toEqual([writer.token]);
  });
}
