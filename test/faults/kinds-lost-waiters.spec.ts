import type { Wish } from './children/kinds-agent.js';
import { GivenTime } from './support/given-time.js';
import { kindsScene, nothingLeft } from './support/kinds-processes.js';
import { processesInLine, processesListening } from './support/lines.js';
import { ownedByEachTest } from './support/owned.js';

/** What is handed over is lent for at most this long until the next process is heard of. */
const GRACE_MS = 2_000;
/** A process in line is believed to be alive for this long: a second, and the time that a command may take. */
const LIVE_MS = 2_000;
/** Nobody waits longer than that for what no message told. */
const NOTICED_MS = 600;
/** For a machine that has other things to do. */
const MARGIN_MS = 300;
const owned = ownedByEachTest();

function wish(manner: Wish['manner'], ...keys: string[]): Wish {
  return { manner, keys, options: { wait: '20s', ttl: 3_000 } };
}

function several(at: string): Wish {
  return wish('write', `${at}1`, `${at}2`, `${at}3`);
}

/** One process holds something, one that is to be lost waits for it, and another one behind that. */
interface Case {
  readonly what: string;
  readonly held: Wish;
  readonly lost: Wish;
  readonly next: Wish;
}

const CASES: readonly Case[] = [
  { what: 'a writer, before a writer', held: wish('write', 'a'), lost: wish('write', 'a'), next: wish('write', 'a') },
  { what: 'a writer, before readers', held: wish('read', 'b'), lost: wish('write', 'b'), next: wish('read', 'b') },
  { what: 'a reader, before a writer', held: wish('write', 'c'), lost: wish('read', 'c'), next: wish('write', 'c') },
  { what: 'a reader, beside readers', held: wish('write', 'd'), lost: wish('read', 'd'), next: wish('read', 'd') },
  { what: 'one for the only permit', held: wish(1, 'e'), lost: wish(1, 'e'), next: wish(1, 'e') },
  { what: 'one for one of three permits', held: wish(3, 'f'), lost: wish(3, 'f'), next: wish(3, 'f') },
  { what: 'one for several locks, before one of them', held: wish('write', 'g1'), lost: several('g'), next: wish('write', 'g1') },
  { what: 'one for several locks, before the same', held: wish('write', 'h1'), lost: several('h'), next: several('h') },
];

async function start(cases: readonly Case[]) {
  const scene = await kindsScene(owned);
  const [holder, victim, other] = await scene.startSome(3);
  if (holder === undefined || victim === undefined || other === undefined) throw new Error('A process is missing');
  const time = new GivenTime();
  owned.add({ stop: async () => time.end() });
  const stand = async (process: typeof victim, which: 'lost' | 'next', place: number) => {
    const coming = cases.map((one) => ({ what: one.what, come: process.acquire(one.what, one[which]) }));
    // What becomes of a request to a process that is killed is of no interest.
    for (const { come } of coming) come.catch(() => undefined);
    for (const one of cases) await processesInLine(scene.service, one[which].keys[0] ?? '', place);
    return coming;
  };
  for (const { what, held } of cases) await holder.acquire(what, held, typeof held.manner === 'number' ? held.manner : 1);
  const losing = await stand(victim, 'lost', 1);
  const coming = await stand(other, 'next', 2);
  /** Everything that was held first is given up. Resolves with how long each caller of the last process waited after that. */
  const pass = async () => {
    const since = time.now();
    const waits = coming.map(async ({ what, come }) => {
      await come;
      return { what, ms: Math.round(time.now() - since) };
    });
    for (const { what } of cases) expect(new Set(await holder.release(what))).toEqual(new Set(['released']));
    return Promise.all(waits);
  };
  return { ...scene, holder, victim, other, time, losing, coming, pass };
}

it('a killed waiter of any kind is passed over at once', async () => {
  const { observer, victim, other, pass } = await start(CASES);
  await victim.stop();
  await processesListening(observer, 3);
  const waits = await pass();
  console.log(waits.map(({ what, ms }) => `${what}: ${String(ms)} ms`).join('\n'));
  expect(waits.filter(({ ms }) => ms > GRACE_MS / 4)).toEqual([]);
  for (const { what } of CASES) expect(await other.release(what)).toEqual(['released']);
  await nothingLeft(observer);
}, 60_000);

it('a paused waiter of any kind costs at most what it is lent, and waits on when it goes on', async () => {
  const { observer, victim, other, losing, pass } = await start(CASES);
  victim.pause();
  const waits = await pass();
  console.log(waits.map(({ what, ms }) => `${what}: ${String(ms)} ms`).join('\n'));
  expect(waits.filter(({ ms }) => ms > GRACE_MS + NOTICED_MS + MARGIN_MS)).toEqual([]);
  victim.resume();
  for (const { what } of CASES) expect([what, await other.isHeld(what)]).toEqual([what, true]);
  for (const { what } of CASES) expect(await other.release(what)).toEqual(['released']);
  for (const { what, come } of losing) {
    await come;
    expect([what, await victim.release(what)]).toEqual([what, ['released']]);
  }
  await nothingLeft(observer);
}, 60_000);

it.each<[what: string, strike: 'stop' | 'pause']>([
  ['killed', 'stop'],
  ['paused', 'pause'],
])(
  'a %s writer that waits for readers keeps others from reading no longer than it is believed to be alive',
  async (_what, strike) => {
    const only = CASES.filter(({ what }) => what === 'a writer, before readers');
    const { observer, holder, victim, other, time, losing, coming } = await start(only);
    await victim[strike]();
    const since = time.now();
    for (const { come } of coming) await come;
    expect(time.now() - since).toBeLessThan(LIVE_MS + NOTICED_MS + MARGIN_MS);
    for (const { what } of only) {
      // Who has read all the time reads on.
      expect(await holder.isHeld(what)).toBe(true);
      expect(await holder.release(what)).toEqual(['released']);
      expect(await other.release(what)).toEqual(['released']);
    }
    if (strike === 'pause') {
      victim.resume();
      for (const { what, come } of losing) {
        await come;
        expect(await victim.release(what)).toEqual(['released']);
      }
    }
    await nothingLeft(observer);
  },
  60_000,
);
