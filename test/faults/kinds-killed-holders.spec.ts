import type { Wish } from './children/kinds-agent.js';
import { GivenTime } from './support/given-time.js';
import { kindsScene, nothingLeft, type KindsProcess } from './support/kinds-processes.js';
import { processesInLine } from './support/lines.js';
import { ownedByEachTest } from './support/owned.js';

const TTL = 1_500;
/** Nobody waits longer than that for what no message told. */
const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const owned = ownedByEachTest();

function wish(manner: Wish['manner'], ...keys: string[]): Wish {
  return { manner, keys, options: { wait: '20s', ttl: TTL } };
}

function several(at: string): Wish {
  return wish('write', `${at}1`, `${at}2`, `${at}3`);
}

interface Case {
  readonly what: string;
  readonly held: Wish;
  readonly callers: number;
  /** What two other processes wait for meanwhile. */
  readonly wanted: Wish;
}

const CASES: readonly Case[] = [
  { what: 'readers, for writers', held: wish('read', 'a'), callers: 5, wanted: wish('write', 'a') },
  { what: 'a writer, for readers', held: wish('write', 'b'), callers: 1, wanted: wish('read', 'b') },
  { what: 'a writer, for writers', held: wish('write', 'c'), callers: 1, wanted: wish('write', 'c') },
  { what: 'the only permit', held: wish(1, 'd'), callers: 1, wanted: wish(1, 'd') },
  { what: 'all permits', held: wish(3, 'e'), callers: 3, wanted: wish(3, 'e') },
  { what: 'several locks, for writers of one', held: several('f'), callers: 1, wanted: wish('write', 'f2') },
  { what: 'several locks, for readers of one', held: several('g'), callers: 1, wanted: wish('read', 'g3') },
  { what: 'several locks, for others of the same', held: several('h'), callers: 1, wanted: several('h') },
];

async function start() {
  const scene = await kindsScene(owned);
  const [holder, one, other] = await scene.startSome(3);
  if (holder === undefined || one === undefined || other === undefined) throw new Error('A process is missing');
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  return { ...scene, holder, one, other, time };
}

async function release(process: KindsProcess, name: string): Promise<void> {
  expect(new Set(await process.release(name))).toEqual(new Set(['released']));
}

it('what a killed process held, of whatever kind, is free for others when its lease ends', async () => {
  const { observer, service, holder, one, other, time } = await start();
  for (const { what, held, callers } of CASES) await holder.acquire(what, held, callers);
  const coming = CASES.map(({ what, wanted }) => ({
    what,
    wanted,
    by: [one, other].map((by) => ({ by, come: by.acquire(what, wanted) })),
  }));
  for (const { wanted } of CASES) await processesInLine(service, wanted.keys[0] ?? '', 2);

  await holder.stop();
  const since = time.now();
  const times = coming.map(async ({ what, wanted, by }) => {
    const left = await observer.pttl(`lock:${wanted.keys[0] ?? ''}`);
    await Promise.race(by.map(({ come }) => come));
    const firstMs = time.now() - since;
    // Who came first leaves; the other one has it then at the latest.
    await Promise.all(by.map(({ by: process, come }) => come.then(() => release(process, what))));
    return { what, left, firstMs, secondMs: time.now() - since - firstMs };
  });
  const seen = await Promise.all(times);
  console.log(
    seen.map(({ what, left, firstMs, secondMs }) => `${what}: ${[left, firstMs, secondMs].map(Math.round).join(', ')}`).join('\n'),
  );
  expect(seen.filter(({ left, firstMs }) => firstMs > left + NOTICED_MS + MARGIN_MS)).toEqual([]);
  expect(seen.filter(({ secondMs }) => secondMs > NOTICED_MS + MARGIN_MS)).toEqual([]);
  expect(Math.min(...seen.map(({ left }) => left))).toBeGreaterThan(0);
  await nothingLeft(observer);
}, 60_000);

it('a killed reader costs those who read on nothing, and a writer no more than its lease', async () => {
  const { observer, service, holder, one: reader, other: writer, time } = await start();
  // Whose lease ends later than that of the one to be killed, and must not be left behind.
  await reader.acquire('mine', { manner: 'read', keys: ['a'], options: { ttl: 10 * TTL } });
  await holder.acquire('theirs', wish('read', 'a'));
  await holder.stop();
  const killed = time.now();

  const acquiring = writer.acquire('mine', wish('write', 'a'));
  await processesInLine(service, 'a', 1);
  expect(await reader.isHeld('mine')).toBe(true);
  await release(reader, 'mine');
  await acquiring;
  expect(time.now() - killed).toBeLessThan(TTL + NOTICED_MS + MARGIN_MS);
  await release(writer, 'mine');
  await nothingLeft(observer);
}, 60_000);

it('a killed holder of one permit of three costs the others no more than its lease, while they go on', async () => {
  const { observer, service, holder, one: living, other: next, time } = await start();
  await living.acquire('mine', wish(3, 'a'), 2);
  await holder.acquire('theirs', wish(3, 'a'));
  const acquiring = next.acquire('mine', wish(3, 'a'));
  await processesInLine(service, 'a', 1);
  await holder.stop();
  const since = time.now();
  await acquiring;
  expect(time.now() - since).toBeLessThan(TTL + NOTICED_MS + MARGIN_MS);
  expect(await living.isHeld('mine')).toBe(true);
  await release(living, 'mine');
  await release(next, 'mine');
  await nothingLeft(observer);
}, 60_000);
