import { READING, type Sharing } from '../../libs/redis-lock/src/store/sharing.js';
import { ownedByEachTest } from '../faults/support/owned.js';
import { OwnRedis } from '../faults/support/own-redis.js';
import { MemoryModelStage } from './support/memory-model-stage.js';
import type { ModelStage } from './support/model-stage.js';
import { RedisModelStage } from './support/redis-model-stage.js';
import { PROCESSES } from './support/scene.js';
import { GRACE_MS, START_MS, TICK_MS } from './support/times.js';

/** What the runs found once, and would not find again soon. */
const owned = ownedByEachTest();

const STAGES: Readonly<Record<string, () => Promise<ModelStage>>> = {
  memory: async () => new MemoryModelStage(PROCESSES),
  redis: async () => {
    const { url } = owned.add(await OwnRedis.start());
    return owned.add(await RedisModelStage.open(url, PROCESSES, START_MS));
  },
};

const LEASE_MS = 20_001;
const [waiter, holder, other] = PROCESSES;

describe.each(Object.entries(STAGES))('%s:', (_name, open) => {
  let stage: ModelStage;
  let tokens = 0;

  beforeEach(async () => {
    stage = await open();
    await stage.begin(START_MS);
  });

  function newToken(process: string): string {
    tokens++;
    return `${process}.${String(tokens).padStart(22, '0')}`;
  }

  async function ask(process: string, sharing: Sharing | undefined, queues: boolean): Promise<{ token: string; status: string }> {
    stage.pass(TICK_MS);
    const token = newToken(process);
    const queue = queues ? { graceMs: GRACE_MS, since: undefined, count: 1 } : undefined;
    const command = { key: 'stock', token, leaseMs: LEASE_MS, reserve: 1, sharing, queue, sent: stage.sent(false) };
    const { status } = await stage.store(process).grant(command);
    return { token, status };
  }

  it.each<[string, Sharing | undefined]>([
    ['a writer', undefined],
    ['a reader', READING],
  ])('%s that is passed over stays so, whatever was known of it before', async (_who, sharing) => {
    const { token } = await ask(holder, undefined, false);
    await stage.connect(waiter, true, false);
    await ask(waiter, sharing, true);
    // In line anew, it says that its subscription works by now; which it does not for long.
    await stage.connect(waiter, true, true);
    stage.pass(TICK_MS);
    const beat = {
      key: 'stock',
      current: newToken(waiter),
      token: newToken(waiter),
      leaseMs: LEASE_MS,
      graceMs: GRACE_MS,
      since: undefined,
    };
    expect(await stage.store(waiter).heartbeat({ ...beat, sharing, sent: stage.sent(false) })).toMatchObject({ status: 'queued' });
    await stage.connect(waiter, false, true);
    await stage.store(holder).release({ key: 'stock', token, keepMs: 0 });
    expect((await stage.store(holder).inspect('stock')).leaseLeftMs).toBeUndefined();
    expect((await ask(other, undefined, false)).status).toBe('granted');
  });
});
