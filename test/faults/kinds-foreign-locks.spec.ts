import type { PlainClientOptions } from './children/plain-client.js';
import type { Wish } from './children/kinds-agent.js';
import { ChildProgram } from './support/child-program.js';
import { GivenTime } from './support/given-time.js';
import { faultsOf } from './support/kinds-judge.js';
import { nothingLeft, sharedScene } from './support/kinds-processes.js';
import { processesInLine } from './support/lines.js';
import { ownedByEachTest } from './support/owned.js';
import { until } from './support/until.js';

const TTL = 2_000;
const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const CALLERS = 25;
const SEED = 20_241;
const owned = ownedByEachTest();
const shared = sharedScene(2, { commandTimeout: 500 });

function wish(manner: Wish['manner'], key: string): Wish {
  return { manner, keys: [key], options: { wait: '20s', ttl: TTL } };
}

async function start() {
  const scene = shared();
  const options: PlainClientOptions = { url: scene.redis.url, seed: SEED };
  const plain = owned.add(await ChildProgram.start('plain-client', options));
  const [first, last] = scene.processes;
  if (first === undefined || last === undefined) throw new Error('A process is missing');
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  return { ...scene, first, last, plain, time };
}

it.each<[what: string, manner: Wish['manner']]>([
  ['readers are', 'read'],
  ['permits are', 3],
  ['the only permit is', 1],
])('a plain client stays out while %s held, also when the first of them have gone, and keeps them out', async (_what, manner) => {
  const { observer, service, plain, processes, first, last, time } = await start();
  if (manner !== 1) await first.acquire('early', wish(manner, 'a'));
  await last.acquire('late', wish(manner, 'a'));
  expect(await plain.ask('lock', 'lock:a')).toBeNull();
  // For longer than the lease that the first ones began with.
  const end = time.now() + 1.5 * TTL;
  let taken = 0;
  await until('their first lease is over', 10 * TTL, async () => {
    if ((await plain.ask('lock', 'lock:a')) !== null) taken++;
    return time.now() > end;
  });
  expect(taken).toBe(0);
  if (manner !== 1) expect(await first.release('early')).toEqual(['released']);
  expect(await plain.ask('lock', 'lock:a')).toBeNull();
  expect(await last.release('late')).toEqual(['released']);

  expect(await plain.ask('lock', 'lock:a')).toBe('OK');
  expect((await service.inspect('a')).kind).toBe('foreign');
  expect(
    await (manner === 'read' ? service.tryAcquire('a', { mode: 'read' }) : service.tryAcquirePermit('a', { limit: manner as number })),
  ).toBeNull();
  const acquiring = processes.map((one) => one.acquire('mine', wish(manner, 'a')));
  await processesInLine(service, 'a', 2);
  const since = time.now();
  expect(await plain.ask('unlock', 'lock:a')).toBe(1);
  await Promise.race(acquiring);
  expect(time.now() - since).toBeLessThan(NOTICED_MS + MARGIN_MS);
  await Promise.all(
    processes.map(async (one, i) => {
      await acquiring[i];
      expect(await one.release('mine')).toEqual(['released']);
    }),
  );
  await nothingLeft(observer);
});

it('FLUSHALL while readers, writers and callers for permits wait: all of them come in, once each', async () => {
  const { observer, service, processes, visits } = await start();
  const writer = await service.acquire('c', { ttl: TTL });
  const permit = await service.acquirePermit('d', { limit: 1, ttl: TTL });
  const wishes = [wish('read', 'c'), wish('write', 'c'), wish(1, 'd')];
  const coming = processes.flatMap((one) => wishes.map((what) => one.visit(what, CALLERS)));
  await processesInLine(service, 'c', 2);
  await processesInLine(service, 'd', 2);

  await observer.flushall();
  await Promise.all(coming);
  // Who held it before is told at the next renewal; it is nobody's any more by then.
  await until('the holders know', 3_000, () => !writer.isHeld && !permit.isHeld);
  const seen = visits('c', 'd');
  expect(seen).toHaveLength(processes.length * wishes.length * CALLERS);
  expect(faultsOf(seen).slice(0, 5)).toEqual([]);
  expect(Math.min(...seen.filter(({ key }) => key === 'c').map(({ fence }) => fence))).toBeGreaterThan(writer.fence);
  expect([await writer.release(), await permit.release()]).toEqual(['lost', 'lost']);
  await nothingLeft(observer);
});

it('FLUSHALL while readers and permits are held: who held them is told, and others come in', async () => {
  const { observer, service, first: holder, last: other } = await start();
  await holder.acquire('read', wish('read', 'e'), 3);
  await holder.acquire('permit', wish(3, 'f'), 3);
  const acquiring = [other.acquire('mine', wish('write', 'e')), other.acquire('permit', wish(3, 'f'))];
  await processesInLine(service, 'e', 1);
  await processesInLine(service, 'f', 1);
  await observer.flushall();
  await Promise.all(acquiring);
  await until('the holder knows', 3_000, async () => !(await holder.isHeld('read')) && !(await holder.isHeld('permit')));
  expect(new Set([...(await holder.release('read')), ...(await holder.release('permit'))])).toEqual(new Set(['lost']));
  expect([...(await other.release('mine')), ...(await other.release('permit'))]).toEqual(['released', 'released']);
  await nothingLeft(observer);
});
