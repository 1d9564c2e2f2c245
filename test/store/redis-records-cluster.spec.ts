import { randomBytes } from 'node:crypto';
import { LockStoreError } from 'nestjs-redis-lock';
import { systemClock, SystemTimers } from '../../libs/redis-lock/src/runtime/system-clock.js';
import type { RecordName, RecordStore } from '../../libs/redis-lock/src/store/record-store.interface.js';
import { clientFactory } from '../../libs/redis-lock/src/store/redis/client-settings.js';
import { hashSlot } from '../../libs/redis-lock/src/store/redis/hash-slot.js';
import { KeySpace } from '../../libs/redis-lock/src/store/redis/key-space.js';
import { RedisRecordStore } from '../../libs/redis-lock/src/store/redis/redis-record.store.js';
import { Owned } from '../faults/support/owned.js';
import { timed, until } from '../faults/support/until.js';
import { OwnCluster } from '../topologies/support/own-cluster.js';
import { command, started } from './support/record-stage.js';

const DONE = { state: 'done', reply: Buffer.from([0, 128, 255]) } as const;
const PREFIX = 'records:';
const names = new KeySpace(PREFIX, true);
const suite = new Owned();
const now = { now: () => systemClock.now() };
let owned: Owned;
let cluster: OwnCluster;

beforeAll(async () => {
  cluster = suite.add(await OwnCluster.start());
}, 40_000);
afterAll(() => suite.end(), 20_000);
beforeEach(() => {
  owned = new Owned();
});
afterEach(() => owned.end(), 20_000);

async function open(keyPrefix = PREFIX): Promise<RecordStore> {
  const store = new RedisRecordStore({
    clients: clientFactory({ cluster: cluster.startNodes }),
    keyPrefix,
    commandTimeout: 1_000,
    allowEviction: false,
    clock: systemClock,
    timers: new SystemTimers(),
    log: { warn: () => undefined },
  });
  owned.add({ stop: () => store.close() });
  await store.open();
  return store;
}

function nodeOf(name: RecordName): number {
  return cluster.ownerOf(hashSlot(names.record(name)));
}

/** Names of a new scope that lie on every node. */
function namesOfAllNodes(): RecordName[] {
  const scope = randomBytes(16).toString('base64url');
  const found = new Map<number, RecordName>();
  while (found.size < cluster.nodes.length) {
    const name = { scope, operation: randomBytes(16).toString('base64url') };
    found.set(nodeOf(name), name);
  }
  return [...found.values()];
}

/** How often scripts were run on all nodes since the last reset. */
async function scriptRuns(): Promise<number> {
  const stats = await Promise.all(cluster.clients.map((client) => client.info('commandstats')));
  return stats.reduce((sum, text) => sum + Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
}

it.each([PREFIX, 'app:{tenant}:'])('with the prefix %s, records live through everything on every node', async (prefix) => {
  const [one, other] = [await open(prefix), await open(prefix)];
  const all = namesOfAllNodes();
  for (const name of all) {
    const cancelled = command(now, { name });
    await one.cancel(name, cancelled.token);
    expect(await other.begin(cancelled)).toEqual({ status: 'void' });
    const attempt = await started(one, command(now, { name }));
    expect(await other.begin(command(now, { name }))).toMatchObject({ status: 'running' });
    expect(await one.renew(attempt)).toBe(true);
    expect(await one.finish(attempt, DONE)).toBe(true);
    expect(await other.begin(command(now, { name }))).toEqual({ status: 'done', reply: DONE.reply });
    expect(await other.inspect(name)).toMatchObject({ state: 'done', replyBytes: 3 });
  }
  expect(await other.purge({ scope: all[0]?.scope ?? '' })).toBe(all.length);
  for (const name of all) expect(await one.inspect(name)).toBeUndefined();
});

it('the first attempt on each node costs one command', async () => {
  const store = await open();
  const all = namesOfAllNodes();
  for (const client of cluster.clients) await client.config('RESETSTAT');
  for (const name of all) await started(store, command(now, { name }));
  expect(await scriptRuns()).toBe(all.length);
});

it('a node that does not answer fails the records of its slots in time, and no others', async () => {
  const store = await open();
  const [silent, ...others] = namesOfAllNodes();
  if (silent === undefined) throw new Error('There is no node.');
  const node = cluster.nodes[nodeOf(silent)];
  node?.pause();
  try {
    const { ms, error } = await timed(store.begin(command(now, { name: silent })));
    expect(error).toBeInstanceOf(LockStoreError);
    expect(ms).toBeLessThan(650);
    for (const name of others) await started(store, command(now, { name }));
  } finally {
    node?.resume();
  }
  await until(
    'the cluster is whole again',
    20_000,
    async () => (await timed(store.begin(command(now, { name: silent })))).error === undefined,
  );
}, 60_000);
