import type { Redis } from 'ioredis';
import type { LockService } from 'nestjs-redis-lock';
import { takeCommands, watchCommands, type RanCommand } from './support/kinds-monitor.js';
import { Locks } from './support/locks.js';
import { ownedByEachTest } from './support/owned.js';
import { OwnRedis } from './support/own-redis.js';
import { scaled, until } from './support/until.js';

const END = 'the end';
const owned = ownedByEachTest();

/** How often clients sent each command. */
async function commandsSent(observer: Redis, ran: RanCommand[], section: () => Promise<void>): Promise<Record<string, number>> {
  await takeCommands(observer, ran);
  await section();
  await observer.echo(END);
  await until('the server has told of all', 5_000, () => ran.some(({ args }) => args[1] === END));
  const sent: Record<string, number> = {};
  for (const { args, isInside } of ran) {
    const name = (args[0] ?? '').toLowerCase();
    if (!isInside && args[1] !== END) sent[name] = (sent[name] ?? 0) + 1;
  }
  return sent;
}

it.each<[what: string, commands: number, section: (service: LockService, key: string) => Promise<void>]>([
  ['to read', 2, (service, key) => service.withLock(key, { mode: 'read' }, () => undefined)],
  ['to write', 2, (service, key) => service.withLock(key, { mode: 'write' }, () => undefined)],
  ['with a permit', 2, (service, key) => service.withPermit(key, { limit: 3 }, () => undefined)],
  ['with the only permit', 2, (service, key) => service.withPermit(key, { limit: 1 }, () => undefined)],
  ['with three locks', 4, (service, key) => service.withLock([key, `${key}:b`, `${key}:a`], () => undefined)],
])('an uncontended section %s costs %d commands', async (_what, commands, section) => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const { service } = owned.add(await Locks.open(redis.url));
  await section(service, 'warm-up');

  const ran = await watchCommands(owned, redis);
  const rounds = scaled(500);
  const sent = await commandsSent(observer, ran, async () => {
    for (let i = 0; i < rounds; i++) await section(service, `order:${String(i % 7)}`);
  });
  expect(sent).toEqual({ evalsha: commands * rounds });
});

it('readers and permits beside others cost one command to come and one to go', async () => {
  const redis = owned.add(await OwnRedis.start());
  const observer = await redis.client();
  const { service: other } = owned.add(await Locks.open(redis.url, { ttl: '1m' }));
  const { service } = owned.add(await Locks.open(redis.url));
  await other.acquire('page', { mode: 'read' });
  await other.acquirePermit('gate', { limit: 3 });
  await service.withLock('page', { mode: 'read' }, () => undefined);

  const ran = await watchCommands(owned, redis);
  const rounds = scaled(200);
  const sent = await commandsSent(observer, ran, async () => {
    for (let i = 0; i < rounds; i++) {
      await service.withLock('page', { mode: 'read' }, () => undefined);
      await service.withPermit('gate', { limit: 3 }, () => undefined);
    }
  });
  // Besides, the other process describes its holds, once a second at most; its leases are renewed every 20 s.
  expect(sent['evalsha']).toBe(4 * rounds);
});
