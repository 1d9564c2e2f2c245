import type { AgentOptions } from './children/lock-agent.js';
import { ChildProgram } from './support/child-program.js';
import { CuttingProxy } from './support/cutting-proxy.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { until } from './support/until.js';

const owned = ownedByEachTest();
const SUBSCRIBE = /subscribe/;

it.each(['cut-before', 'cut-after'] as const)(
  'a subscription that is %s while it is made anew neither ends the process nor stays away',
  async (kind) => {
    const redis = owned.add(await OwnRedis.start());
    const proxy = owned.add(await CuttingProxy.start(redis.port));
    const options: AgentOptions = { module: { connection: proxy.url }, resource: redis.url };
    const holder = owned.add(await ChildProgram.start('lock-agent', options));
    const operator = owned.add(await Locks.open(redis.url));
    const observer = await redis.client();

    const cutAgain = proxy.next(SUBSCRIBE, { kind });
    proxy.cut();
    await cutAgain;
    let subscribes = false;
    void proxy.next(SUBSCRIBE, { kind: 'pass' }).then(() => (subscribes = true));
    await until('it subscribes once more', 3_000, () => subscribes);
    await until('both processes listen', 1_000, async () => ((await observer.call('PUBSUB', 'CHANNELS', '*')) as string[]).length === 2);

    // What only the subscription can tell in time: the next renewal would be due after 10 s.
    await holder.ask('acquire', 'mine', 'stock', { ttl: '30s', wait: '5s' });
    expect(await operator.service.forceRelease('stock')).toBe(true);
    await until('the holder is told', 2_000, async () => !(await holder.ask<boolean>('isHeld', 'mine')));
    expect(await holder.ask('release', 'mine')).toBe('lost');
  },
);
