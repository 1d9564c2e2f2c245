import type { LockOptions, LockService, SharedLock } from 'nestjs-redis-lock';
import type { Wish } from './children/kinds-agent.js';
import { kindsScene, nothingLeft } from './support/kinds-processes.js';
import { processesInLine, processesListening } from './support/lines.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { until } from './support/until.js';

/** A process in line is believed to be alive for this long: a second, and the time that a command may take. */
const LIVE_MS = 2_000;
const NOTICED_MS = 600;
const LONG = '1m';
const SHORT_MS = 800;
const owned = ownedByEachTest();

type Share = (service: LockService, ttl: LockOptions['ttl'], renew?: boolean) => Promise<SharedLock>;

const read: Share = (service, ttl, renew = true) => service.acquire('a', { mode: 'read', ttl, renew });
const permit: Share = (service, ttl, renew = true) => service.acquirePermit('a', { limit: 2, ttl, renew });

it.each<[what: string, take: Share, waiting: Wish['manner']]>([
  ['a reader', read, 'write'],
  ['a permit', permit, 2],
])(
  'a waiter that was killed behind %s leaves nothing in Redis for longer than it is believed to be alive',
  async (_what, take, waiting) => {
    const { observer, service, start } = await kindsScene(owned);
    const held = await Promise.all([take(service, LONG), take(service, LONG)]);
    const victim = await start();
    // What becomes of a request to a process that is killed is of no interest.
    victim.acquire('lost', { manner: waiting, keys: ['a'], options: { wait: '20s' } }).catch(() => undefined);
    await processesInLine(service, 'a', 1);
    await victim.stop();
    await processesListening(observer, 1);
    for (const one of held) expect(await one.release()).toBe('released');
    await nothingLeft(observer, LIVE_MS + NOTICED_MS);
  },
);

it.each<[what: string, take: Share]>([
  ['reader', read],
  ['permit', permit],
])('a %s that nobody gave up leaves nothing in Redis after its lease, however long the others was', async (_what, take) => {
  const { observer, redis, service } = await kindsScene(owned);
  const { service: other } = owned.add(await Locks.open(redis.url));
  const long = await take(service, LONG);
  const short = await take(other, SHORT_MS, false);
  expect(await long.release()).toBe('released');
  // Somebody else comes when its lease has ended, to hold it alone.
  await until('its lease has ended', 5_000, async () => !(await service.isLocked('a')));
  expect(short.isHeld).toBe(false);
  expect(await (await service.acquire('a')).release()).toBe('released');
  await nothingLeft(observer, SHORT_MS + NOTICED_MS);
});
